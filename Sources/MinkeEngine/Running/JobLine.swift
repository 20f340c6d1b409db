/// Which job is done next: one at a time, that of the identity whose jobs were served least.
struct JobLine<Job> {
  private struct Entry {
    let job: Job
    let identity: Identity
    let cost: Int
  }

  private var room: WaitingRoom
  private var service = ServiceAccount()
  private var waiting: [Entry] = []
  private var current: Entry?

  init(limit: Int, limitPerIdentity: Int) {
    room = WaitingRoom(limit: limit, limitPerIdentity: limitPerIdentity)
  }

  var isEmpty: Bool { current == nil && waiting.isEmpty }

  /// - Throws: ``EngineError`` when too many wait.
  mutating func add(_ job: Job, _ identity: Identity, cost: Int) throws(EngineError) {
    try room.enter(identity)
    service.arrive(identity)
    waiting.append(Entry(job: job, identity: identity, cost: cost))
  }

  /// The job that has begun, or else the one that begins now; nil where there is none.
  mutating func next() -> Job? {
    if current == nil {
      guard
        let index = waiting.indices.min(by: { service[waiting[$0].identity] < service[waiting[$1].identity] })
      else { return nil }
      let entry = waiting.remove(at: index)
      room.leave(entry.identity)
      service.add(Double(entry.cost), to: entry.identity)
      current = entry
    }
    return current?.job
  }

  /// The job that has begun is done.
  mutating func finish() {
    if let current { service.leave(current.identity) }
    current = nil
  }
}
