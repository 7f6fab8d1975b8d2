package patterns

import java.time.LocalDateTime

import core._
import Worlds._

/** A producer and its consumer, which know each other by a contract. */
object Pairs {

  /** The pipeline that reads what this one published, from the same sink. */
  def consumer(producer: World): World = World(s"${producer.name}_consumer", producer.folder)

  /** A producer that published some windows, and its consumer. */
  def of(here: World, windows: Int = 2): (World, World) = {
    (0 until windows).foreach(window => here.write(s"w$window", here.rows(5, window)))
    assert(here.run(here.over(windows)).exit == 0)
    (here, consumer(here))
  }

  /** The same world, that promises other columns of silver. */
  def promising(here: World)(change: Seq[ujson.Value] => Seq[ujson.Value]): World = {
    def other(text: String) = {
      val document = Yaml.parse(text)
      val silver = document("schema").arr.find(_("name").str == "silver").get
      silver("properties") = change(silver("properties").arr.toSeq)
      document.render()
    }
    here.but(made =>
      made.copy(structure = made.structure.map {
        case Disconnected(promise) => Disconnected(other(promise))
        case structure             => structure
      })
    )
  }

  /** A run ends so, and leaves tables and ledger as they were. */
  def refused(consumer: World, asOf: LocalDateTime, exit: Int, why: String): Unit = {
    val (before, known) = (consumer.content(), ledger(consumer))
    val result = consumer.run(asOf)
    assert(result.exit == exit && result.log.contains(why), result.log)
    assert(consumer.content() == before && ledger(consumer) == known)
  }

  private def ledger(here: World) =
    here.pipeline.sink.open(here.pipeline, Commands.spark, write = false)(_.history().latest.keySet)
}

/** Disconnected: data and contract are published together, and consumers run when they like. */
class DisconnectedTest extends Proofs {
  private val each = having("Disconnected")

  proof("the contract is published with the data", each) { world =>
    assert(world.table("published").isEmpty)
    val (here, _) = Pairs.of(world)
    val promises = here.pipeline.structure.collect { case Disconnected(promise) => promise }
    assert(here.table("published").map(_("contract")) == promises)
    assert(Contract.parse(promises.head).tables.contains("silver"))
  }

  proof("both run when they like", each) { world =>
    val (here, consumer) = Pairs.of(world, windows = 1)
    consumer.run(here.over(1))
    Seq(1, 2).foreach { window =>
      here.write(s"w$window", here.rows(5, window))
      assert(here.run(here.over(window + 1)).exit == 0)
    }
    Seq(1, 2).foreach { _ =>
      assert(consumer.run(here.over(3).plusSeconds(1)).exit == 0)
      assert(consumer.silver() == here.silver())
    }
  }
}
