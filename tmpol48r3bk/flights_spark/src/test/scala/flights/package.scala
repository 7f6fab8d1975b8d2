package object flights {

  /** The cells of a row that have a value, by column. */
  type Row = Map[String, Any]
}
