package bank
package core

import scala.jdk.CollectionConverters._

import org.snakeyaml.engine.v2.api.{Load, LoadSettings}

/** YAML as the JSON that it is, so that one kind of decoder serves for both. */
object Yaml {
  def parse(text: String): ujson.Value =
    json(new Load(LoadSettings.builder.build).loadFromString(text))

  private def json(value: Any): ujson.Value = value match {
    case map: java.util.Map[_, _] =>
      ujson.Obj.from(map.asScala.map { case (key, each) => key.toString -> json(each) })
    case list: java.util.List[_] => ujson.Arr.from(list.asScala.map(json))
    case text: String            => ujson.Str(text)
    case truth: Boolean          => ujson.Bool(truth)
    case number: Number          => ujson.Num(number.doubleValue)
    case _                       => ujson.Null
  }
}
