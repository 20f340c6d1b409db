import Minke
import MinkeChat

struct Order: Decodable, Sendable {
  enum Size: String, Decodable, CaseIterable, Sendable { case small, large }

  var drink: String
  var size: Size
  var count: UInt8
}

let prices: [Order.Size: Int] = [.small: 3, .large: 5]
let till = try Tool("price_of_order", "What an order of drinks costs, in euros") { (order: Order) in
  (prices[order.size] ?? 0) * Int(order.count)
}
