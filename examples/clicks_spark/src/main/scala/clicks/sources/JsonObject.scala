package clicks
package sources

import scala.util.{Try, Using}

import com.fasterxml.jackson.core.{JsonParser, JsonToken}
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature
import com.fasterxml.jackson.databind.json.JsonMapper
import com.fasterxml.jackson.databind.{DeserializationFeature, JsonNode}
import org.apache.spark.sql.expressions.UserDefinedFunction
import org.apache.spark.sql.functions.udf

/** A text that is one object of JSON, its values read as text by their keys. A nested value stays
  * JSON.
  */
object JsonObject {
  private val mapper = JsonMapper
    .builder()
    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
    .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES) // numbers as they are spelled
    .build()

  /** The values of a text by key, or null if it is no object. */
  val parsed: UserDefinedFunction = udf(cells(_))

  /** Whether a text is JSON, an object or not. */
  def isJson(text: String): Boolean = Try(mapper.readTree(text)).isSuccess

  private def cells(text: String): Option[Map[String, Option[String]]] =
    Try(Using.resource(mapper.createParser(text))(values)).toOption.flatten

  private def values(parser: JsonParser): Option[Map[String, Option[String]]] =
    Option
      .when(parser.nextToken == JsonToken.START_OBJECT) {
        val keys = Iterator.continually(parser.nextFieldName).takeWhile(_ != null)
        keys.map(key => key -> value(parser)).toMap
      }
      .filter(_ => parser.nextToken == null) // or else the text has more than an object

  /** A number as it is spelled: as a value it would lose the sign of a zero. */
  private def value(parser: JsonParser): Option[String] = parser.nextToken match {
    case JsonToken.VALUE_NULL         => None
    case token if token.isStructStart => Some(mapper.readTree[JsonNode](parser).toString)
    case _                            => Some(parser.getText)
  }
}
