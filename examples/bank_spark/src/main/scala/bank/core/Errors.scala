package bank
package core

/** What can go wrong, by what the caller should do about it; `exitCode` is that of the command. */
sealed abstract class PipelineError(message: String, val exitCode: Int)
    extends RuntimeException(message)

/** This unit can't be done: its data or its code is wrong. The next ones may not be. */
final case class Failed(message: String) extends PipelineError(message, 1)

/** This unit can't be done now; the same attempt may succeed later. */
final case class Transient(message: String) extends PipelineError(message, 1)

/** The command asks for something that this pipeline does not do. */
final case class UsageError(message: String) extends PipelineError(message, 2)

/** The machine, not the data: no space, no permission, no such folder. */
final case class EnvironmentFailure(message: String) extends PipelineError(message, 3)

object EnvironmentFailure {
  private val Mend = Seq(
    "No space left|too large|quota" -> "Make room there",
    "Permission denied|AccessDenied|not permitted|Read-only" -> "Give this user the right to it",
    "Mkdirs failed" -> "Let this user make folders there", // as Hadoop says it
    "Input/output error" -> "See what is wrong with that disk"
  )

  /** What the machine refused, by what to do about it. */
  def refused(said: String, how: String = "See what is wrong there"): EnvironmentFailure =
    EnvironmentFailure(
      s"$said. ${mend(said).getOrElse(how)}, " +
        "and run again: what was not finished is not there, and is done then"
    )

  /** What to do about it, if these are words of the machine's. */
  def mend(said: String): Option[String] = Mend.collectFirst {
    case (words, mend) if words.r.findFirstIn(said).nonEmpty => mend
  }
}

/** The source has nothing to read yet, or another run is at work. */
final case class NotReady(message: String) extends PipelineError(message, 4)
