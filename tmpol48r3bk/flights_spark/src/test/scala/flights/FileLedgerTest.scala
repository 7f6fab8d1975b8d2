package flights

import java.nio.file.Files

import org.scalatest.funsuite.AnyFunSuite

import core._

/** The ledger of sinks that are folders: an attempt counts once its file is there, whole. */
class FileLedgerTest extends AnyFunSuite {
  test("of two attempts with one number the second one fails, and the first one stays") {
    Proofs.inFolder { folder =>
      val ledger = FileLedger(folder, "orders")
      Files.createDirectories(ledger.folder)
      ledger.publish(Attempt(1, parts = Seq(Part("silver", "day", "first"))))
      intercept[NotReady](ledger.publish(Attempt(1)))
      assert(ledger.attempts().map(_.parts.map(_.file)) == Seq(Seq("first")))
      assert(ledger.next() == 2)
    }
  }

  test("only one run writes, and the lock is gone after it") {
    Proofs.inFolder { folder =>
      val ledger = FileLedger(folder, "orders")
      ledger.alone(intercept[NotReady](ledger.alone(())))
      assert(ledger.alone(true))
    }
  }

  test("a draft that nobody finished is no attempt") {
    Proofs.inFolder { folder =>
      val ledger = FileLedger(folder, "orders")
      Files.createDirectories(ledger.folder)
      Files.writeString(ledger.folder.resolve(".draft"), "{")
      assert(ledger.attempts().isEmpty)
      ledger.publish(Attempt(ledger.next()))
      assert(ledger.attempts().map(_.number) == Seq(1))
    }
  }
}
