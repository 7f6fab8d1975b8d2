package shop
package core

import java.util.concurrent.atomic.AtomicReference

import org.apache.logging.log4j.core.config.Configurator
import org.apache.spark.internal.Logging

/** Logs that a person reads in a terminal, or a machine as one JSON object a line. */
object Logs extends Logging {

  private val taken = new AtomicReference("")

  /** Takes log4j2.properties of this project, also where Spark was started with its own. */
  def as(form: String): Unit = if (taken.getAndSet(form) != form) {
    initializeLogIfNecessary(false) // Spark's turn, or it would come later and undo this
    System.setProperty("log_format", form)
    Configurator.reconfigure(getClass.getResource("/log4j2.properties").toURI)
  }
}
