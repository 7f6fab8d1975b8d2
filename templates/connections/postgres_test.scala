package {{ package }}

import java.nio.file.Path
import java.util.UUID

import scala.collection.concurrent.TrieMap
import scala.util.{Try, Using}

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres

import core.PostgresConnection
import core.PostgresConnection.{execute, quoted, texts}

/** One PostgreSQL for all suites, because starting one costs seconds. It is a real one, from a test
  * dependency, and stops with this JVM; or the one that PIPELINE_TEST_POSTGRES names, by an address
  * for JDBC that has user and password in it.
  */
object PostgresServer extends Server {
  private lazy val server = sys.env.getOrElse("PIPELINE_TEST_POSTGRES", start())
  private val worlds = TrieMap.empty[Path, PostgresConnection]

  /** A new database that is empty, or a copy, so that no test sees what another one wrote. */
  def fresh(template: String = "template1"): PostgresConnection = {
    val name = s"test_${UUID.randomUUID().toString.replace('-', '_')}"
    val made = at(server.replaceFirst("/[^/?]*(?=[?]|$)", s"/$name"))
    Using.resource(at(server).connect()) { connection =>
      execute(connection, s"CREATE DATABASE $name TEMPLATE ${quoted(template)}")
      execute(connection, s"ALTER DATABASE $name SET client_connection_check_interval = 200")
    }
    made
  }

  /** The database of a world. */
  def of(folder: Path): PostgresConnection = worlds.getOrElseUpdate(folder, fresh())

  def settings(folder: Path): Map[String, String] = {
    val PostgresConnection(url, user, password) = of(folder)
    Map("URL" -> url, "USER" -> user, "PASSWORD" -> password).map { case (key, value) =>
      s"PIPELINE_POSTGRES__$key" -> value
    }
  }

  /** Staging tables that are there, and what the ledger has. */
  override def steps(folder: Path): Set[String] = Using.resource(of(folder).connect()) { looking =>
    val tables = texts(looking, "SELECT tablename FROM pg_tables WHERE tablename ~ '^_staging_'")
    val ledger = texts(looking, "SELECT to_regclass('public.ledger')").flatMap(Option(_))
    (tables ++ ledger.flatMap(name => texts(looking, s"SELECT id FROM $name"))).toSet
  }

  override def settle(folder: Path): Unit = Using.resource(of(folder).connect()) { looking =>
    val others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    while (texts(looking, others) != Seq("1")) Thread.sleep(50)
  }

  override def copy(folder: Path, other: Path): Unit =
    worlds(other) = fresh(nameOf(of(folder)))

  def drop(folder: Path): Unit = worlds.keys.filter(_.startsWith(folder)).foreach { one =>
    worlds.remove(one).foreach { gone =>
      Using.resource(at(server).connect())(
        execute(_, s"DROP DATABASE ${quoted(nameOf(gone))} WITH (FORCE)")
      )
    }
  }

  private def nameOf(place: PostgresConnection) =
    place.url.split("[/?]").find(_.startsWith("test_")).get

  private def at(url: String) = PostgresConnection(url, "postgres")

  private def start(): String =
    Try(EmbeddedPostgres.start().getJdbcUrl("postgres", "postgres")).getOrElse(sys.error(refused))

  private def refused: String =
    "PostgreSQL did not start. It refuses to run as root, where a container forbids `unshare`: run " +
      "the tests as another user, or name a server in PIPELINE_TEST_POSTGRES=jdbc:postgresql://..."
}

/** How to connect is known by the environment, and by nobody else. */
class PostgresConnectionTest extends Proofs {
  private val (user, password, option) = ("k33per", "s3cret", "ApplicationName=h1dden")

  proof("where it is and who connects is shown nowhere", Worlds.having("PostgresConnection")) {
    here =>
      val place = PostgresServer.of(here.folder)
      Using.resource(place.connect()) { owner =>
        PostgresConnection.execute(
          owner,
          s"DROP ROLE IF EXISTS $user; CREATE ROLE $user LOGIN SUPERUSER"
        )
      }
      val url = place.url.replaceFirst("user=[^&]*", option)
      def known(url: String, user: String = user) =
        here.copy(settings = Map("URL" -> url, "USER" -> user, "PASSWORD" -> password).map {
          case (key, value) =>
            s"PIPELINE_POSTGRES__$key" -> value
        })
      here.write("a", here.rows(5))
      val asOf = Seq("run", here.name, "--as-of", core.Times.text(here.over(1)))
      assert(Processes.run(known(url), asOf: _*) == 0)
      val nowhere = url.replaceFirst("//[^/]+/", "//127.0.0.1:1/")
      val wrong = Seq(known(nowhere), known(url, "n0body"), known(s"x$url"), known(""))
      val results = wrong.map(_.run(here.over(2)))
      assert(results.map(_.exit) == Seq(3, 3, 2, 2))
      val said = results.map(_.log) ++ Seq(here, known(url)).map(_.status(here.over(1)).render())
      val ledger = Using.resource(place.connect()) { looking =>
        texts(looking, "SELECT to_regclass('public.ledger')").flatMap(Option(_)).flatMap { name =>
          texts(looking, s"SELECT entry FROM $name")
        }
      }
      (said ++ ledger ++ Servers.written(here.folder)).foreach { text =>
        Seq(user, "n0body", password, option, url, nowhere).foreach(one =>
          assert(!text.contains(one))
        )
      }
  }
}
