package clicks
package core

import org.apache.logging.log4j.core.config.Configurator

/** Logs that a person reads in a terminal, or a machine as one JSON object a line. */
object Logs {

  /** Takes log4j2.properties of this project, also where Spark was started with its own. */
  def as(form: String): Unit = {
    System.setProperty("log_format", form)
    Configurator.reconfigure(getClass.getResource("/log4j2.properties").toURI)
  }
}
