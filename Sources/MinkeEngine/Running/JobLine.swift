/// Which job does its next piece: one of the identity that was served least. Few have begun at a time, since each of them
/// holds memory.
package struct JobLine<Job> {
  /// Jobs that may have begun.
  package static var begunLimit: Int { 4 }

  private struct Entry {
    let number: Int
    let job: Job
    let identity: Identity
    var hasBegun = false
  }

  private var room: WaitingRoom
  private var service = ServiceAccount()
  /// In the order in which they came.
  private var entries: [Entry] = []

  package init(limit: Int, limitPerIdentity: Int) {
    room = WaitingRoom(limit: limit, limitPerIdentity: limitPerIdentity)
  }

  package var isEmpty: Bool { entries.isEmpty }

  /// - Throws: ``EngineError`` when too many wait.
  package mutating func add(_ job: Job, _ identity: Identity, number: Int) throws(EngineError) {
    try room.enter(identity)
    service.arrive(identity)
    entries.append(Entry(number: number, job: job, identity: identity))
  }

  /// The job whose turn it is; nil where there is none.
  ///
  /// - Parameter rows: what its piece counts for.
  package mutating func next(rows: Int) -> (number: Int, job: Job)? {
    let mayBegin = entries.count(where: \.hasBegun) < Self.begunLimit
    let ready = entries.indices.filter { entries[$0].hasBegun || mayBegin }
    guard let index = ready.min(by: { service[entries[$0].identity] < service[entries[$1].identity] }) else {
      return nil
    }
    if !entries[index].hasBegun { room.leave(entries[index].identity) }
    entries[index].hasBegun = true
    service.add(Double(rows), to: entries[index].identity)
    return (entries[index].number, entries[index].job)
  }

  /// A job is done.
  package mutating func finish(_ number: Int) { remove { $0.number == number } }

  /// Takes a job out that has not begun; nil if it has, or is not there.
  package mutating func withdraw(_ number: Int) -> Job? {
    guard let entry = remove(where: { $0.number == number && !$0.hasBegun }) else { return nil }
    room.leave(entry.identity)
    return entry.job
  }

  @discardableResult
  private mutating func remove(where matches: (Entry) -> Bool) -> Entry? {
    guard let index = entries.firstIndex(where: matches) else { return nil }
    service.leave(entries[index].identity)
    return entries.remove(at: index)
  }
}
