package shop
package patterns

import core._

/** Recorded decision: a unit is decided by the settings that decided it first.
  *
  * A rule that follows a setting would decide otherwise once the setting has changed, and a rerun
  * would leave other rows. So the ledger keeps a unit's settings, and a rerun takes them again; new
  * units take the current ones, and a new setting has its current value.
  */
final case class RecordedDecision[-S <: Sink](writing: Writing[S], values: Map[String, ujson.Value])
    extends Deciding[S] {

  def settings(unit: WorkUnit, history: History): Map[String, ujson.Value] =
    values ++ history.done
      .get(unit.key)
      .flatMap(_.detail.get("settings"))
      .fold(Map.empty[String, ujson.Value])(_.obj.toMap)
}
