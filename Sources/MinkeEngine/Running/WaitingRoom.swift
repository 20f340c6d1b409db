/// How many sequences wait to begin, and whether one more may: the bound of the queue.
struct WaitingRoom {
  private let limit: Int
  private let limitPerIdentity: Int
  private var waiting: [Identity: Int] = [:]
  private(set) var count = 0

  init(limit: Int, limitPerIdentity: Int) {
    self.limit = limit
    self.limitPerIdentity = limitPerIdentity
  }

  /// - Throws: ``EngineError`` when the queue, or the identity's part of it, is full.
  mutating func enter(_ identity: Identity) throws(EngineError) {
    guard count < limit else {
      throw EngineError(
        .queueFull, "queue", found: "\(count) requests that wait",
        expected: "fewer than \(limit): try again later")
    }
    let own = waiting[identity, default: 0]
    guard own < limitPerIdentity else {
      throw EngineError(
        .queueFull, "queue of \(identity)", found: "\(own) requests that wait",
        expected: "fewer than \(limitPerIdentity): try again when some have been answered")
    }
    waiting[identity] = own + 1
    count += 1
  }

  mutating func leave(_ identity: Identity) {
    guard let own = waiting[identity] else { return }
    waiting[identity] = own > 1 ? own - 1 : nil
    count -= 1
  }
}
