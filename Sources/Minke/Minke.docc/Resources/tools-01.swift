import Minke
import MinkeChat

struct Order: Decodable, Sendable {
  enum Size: String, Decodable, CaseIterable, Sendable { case small, large }

  var drink: String
  var size: Size
  var count: UInt8
}
