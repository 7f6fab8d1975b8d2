package bank

import java.io.File
import java.net.{InetAddress, ServerSocket}
import java.nio.file.{Files, Path}
import java.util.{Properties, UUID}

import scala.jdk.CollectionConverters._
import scala.util.Using

import kafka.server.{KafkaConfig, KafkaRaftServer}
import org.apache.kafka.clients.admin.{Admin, NewTopic, RecordsToDelete}
import org.apache.kafka.clients.producer.{KafkaProducer, ProducerRecord}
import org.apache.kafka.common.{TopicPartition, Uuid}
import org.apache.kafka.common.serialization.StringSerializer
import org.apache.kafka.common.utils.{Time, Utils}
import org.apache.kafka.metadata.storage.Formatter

/** One Kafka broker for all tests of this JVM, because starting one costs seconds. It is a real
  * one, in this process, on the loopback address; or the one that PIPELINE_TEST_KAFKA names.
  */
object KafkaServer extends Server {
  lazy val bootstrap: String = sys.env.getOrElse("PIPELINE_TEST_KAFKA", start())

  /** A new topic of its own for each test, so that none sees what another one sent.
    */
  def topic(partitions: Int = 1): String = {
    val name = s"topic-${UUID.randomUUID()}"
    val wanted = new NewTopic(name, partitions, 1.toShort)
    Using.resource(Admin.create(settings))(
      _.createTopics(List(wanted).asJava).all().get()
    )
    name
  }

  /** Sends values in this order to one partition, and returns when the broker has all of them.
    */
  def send(topic: String, values: Iterable[String], partition: Int = 0): Unit =
    Using.resource(
      new KafkaProducer(settings, new StringSerializer, new StringSerializer)
    ) { producer =>
      values.foreach(value => producer.send(new ProducerRecord(topic, partition, "", value)))
      producer.flush()
    }

  /** Sends values to the first partition in a transaction, and lends it: whoever has it ends it.
    */
  def transaction[A](topic: String, values: Iterable[String])(
      use: KafkaProducer[String, String] => A
  ): A = {
    val own = settings
    own.setProperty("transactional.id", UUID.randomUUID().toString)
    Using.resource(
      new KafkaProducer(own, new StringSerializer, new StringSerializer)
    ) { producer =>
      producer.initTransactions()
      producer.beginTransaction()
      values.foreach(value => producer.send(new ProducerRecord(topic, 0, "", value)))
      producer.flush()
      use(producer)
    }
  }

  /** Takes the messages of a partition before an offset away, as retention does. */
  def forget(topic: String, before: Long, partition: Int = 0): Unit = {
    val gone = Map(new TopicPartition(topic, partition) -> RecordsToDelete.beforeOffset(before))
    Using.resource(Admin.create(settings))(_.deleteRecords(gone.asJava).all().get())
    ()
  }

  /** The topic of a world, and of those that are copies of it: what comes next comes to all. */
  def topic(folder: Path): String = {
    val file = folder.resolve("topic")
    if (!Files.exists(file)) {
      Files.createDirectories(folder)
      Files.writeString(file, topic(partitions = 2))
    }
    Files.readString(file)
  }

  def settings(folder: Path): Map[String, String] =
    Map("PIPELINE_KAFKA__SERVERS" -> bootstrap)

  override def copy(folder: Path, other: Path): Unit = {
    Files.writeString(other.resolve("topic"), topic(folder))
    ()
  }

  def drop(folder: Path): Unit = () // topics are small, and none has the name of another

  private def settings: Properties = properties(
    "bootstrap.servers" -> bootstrap
  )

  private def start(): String = {
    val (plain, control) = (freePort(), freePort())
    val folder = Files.createTempDirectory("kafka").toString
    format(folder)
    val server =
      new KafkaRaftServer(configuration(folder, plain, control), Time.SYSTEM)
    server.startup()
    sys.addShutdownHook {
      server.shutdown()
      Utils.delete(new File(folder))
    }
    s"127.0.0.1:$plain"
  }

  private def format(folder: String): Unit =
    new Formatter()
      .setClusterId(Uuid.randomUuid().toString)
      .setNodeId(1)
      .setControllerListenerName("CONTROLLER")
      .setMetadataLogDirectory(folder)
      .addDirectory(folder)
      .run()

  private def configuration(
      folder: String,
      plain: Int,
      control: Int
  ): KafkaConfig = new KafkaConfig(
    properties(
      "node.id" -> "1",
      "process.roles" -> "broker,controller",
      "listeners" -> s"PLAINTEXT://127.0.0.1:$plain,CONTROLLER://127.0.0.1:$control",
      "controller.listener.names" -> "CONTROLLER",
      "controller.quorum.voters" -> s"1@127.0.0.1:$control",
      "log.dirs" -> folder,
      "offsets.topic.num.partitions" -> "1",
      "offsets.topic.replication.factor" -> "1",
      "transaction.state.log.num.partitions" -> "1",
      "transaction.state.log.replication.factor" -> "1",
      "transaction.state.log.min.isr" -> "1",
      "group.initial.rebalance.delay.ms" -> "0"
    )
  )

  private def properties(pairs: (String, String)*): Properties = {
    val made = new Properties
    pairs.foreach { case (key, value) => made.setProperty(key, value) }
    made
  }

  private def freePort(): Int =
    Using.resource(new ServerSocket(0, 1, InetAddress.getLoopbackAddress))(
      _.getLocalPort
    )
}

/** How to connect is known by the environment, and by nobody else. */
class KafkaConnectionTest extends Proofs {
  proof("where it is and with what it is told is shown nowhere", Worlds.having("KafkaConnection")) {
    here =>
      def told(options: String, servers: String = KafkaServer.bootstrap) = here.copy(settings =
        Map("PIPELINE_KAFKA__OPTIONS" -> options, "PIPELINE_KAFKA__SERVERS" -> servers)
      )
      here.write("a", here.rows(5))
      val run = Seq("run", here.name, "--as-of", core.Times.text(here.over(1)))
      assert(
        Processes.run(
          told("{ssl.key.password: s3cret, ssl.keystore.password: h1dden}"),
          run: _*
        ) == 0
      )
      val jaas =
        "{security.protocol: SASL_PLAINTEXT, sasl.mechanism: s3cret, sasl.jaas.config: h1dden}"
      val nowhere = "127.0.0.1:1"
      val soon = "{default.api.timeout.ms: '2000', request.timeout.ms: '1000'}"
      val wrong = Seq(told(jaas), told("{}", "s3cret"), told(soon, nowhere), told("{}", ""))
      val results = wrong.map(_.run(here.over(2)))
      assert(results.map(_.exit) == Seq(4, 4, 4, 3))
      val said = results.map(_.log) :+ here.status(here.over(1)).render()
      (said ++ Servers.written(here.folder)).foreach { text =>
        Seq("s3cret", "h1dden", KafkaServer.bootstrap, nowhere).foreach(one =>
          assert(!text.contains(one))
        )
      }
  }
}
