package shop

import java.util.UUID

import scala.util.{Try, Using}

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres

import core.PostgresConnection

/** One PostgreSQL for all suites, because starting one costs seconds. It is a real one, from a test
  * dependency, and stops with this JVM; or the one that PIPELINE_TEST_POSTGRES names, by an address
  * for JDBC that has user and password in it.
  */
object PostgresServer {
  private lazy val server = sys.env.getOrElse("PIPELINE_TEST_POSTGRES", start())

  /** A new, empty database, so that no test sees what another one wrote. */
  def fresh(): PostgresConnection = {
    val name = s"test_${UUID.randomUUID().toString.replace('-', '_')}"
    Using.resource(at(server).connect())(PostgresConnection.execute(_, s"CREATE DATABASE $name"))
    at(server.replaceFirst("/[^/?]*(?=[?]|$)", s"/$name"))
  }

  private def at(url: String) = PostgresConnection(url, "postgres")

  private def start(): String =
    Try(EmbeddedPostgres.start().getJdbcUrl("postgres", "postgres")).getOrElse(sys.error(refused))

  private def refused: String =
    "PostgreSQL did not start. It refuses to run as root, where a container forbids `unshare`: run " +
      "the tests as another user, or name a server in PIPELINE_TEST_POSTGRES=jdbc:postgresql://..."
}
