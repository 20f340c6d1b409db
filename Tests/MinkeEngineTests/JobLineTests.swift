import MinkeEngine
import Testing

@Suite struct `Jobs take turns` {
  /// Whose pieces are done in the next `count` turns; a job has so many pieces as `pieces` says.
  private func turns(_ line: inout JobLine<String>, _ pieces: inout [String: Int], _ count: Int) -> [String] {
    var done: [String] = []
    for _ in 0..<count {
      guard let (number, job) = line.next(rows: 64) else { break }
      done.append(job)
      pieces[job, default: 0] -= 1
      if pieces[job, default: 0] <= 0 { line.finish(number) }
    }
    return done
  }

  @Test func `A short one of another identity does not wait for a long one`() throws {
    var line = JobLine<String>(limit: 10, limitPerIdentity: 10)
    var pieces = ["long": 1000, "short": 1]
    try line.add("long", Identity("a"), number: 1)
    #expect(turns(&line, &pieces, 5) == Array(repeating: "long", count: 5))
    try line.add("short", Identity("b"), number: 2)
    #expect(turns(&line, &pieces, 2).contains("short"))
    #expect(turns(&line, &pieces, 2000).count + 7 == 1001)
    #expect(line.isEmpty)
  }

  @Test func `Few have begun at a time, each in its turn`() throws {
    var line = JobLine<String>(limit: 100, limitPerIdentity: 10)
    var pieces: [String: Int] = [:]
    for number in 0..<20 {
      pieces["\(number)"] = 3
      try line.add("\(number)", Identity("\(number % 10)"), number: number)
    }
    var begun: Set<String> = []
    for _ in 0..<60 {
      begun.formUnion(turns(&line, &pieces, 1))
      #expect(begun.filter { pieces[$0, default: 0] > 0 }.count <= JobLine<String>.begunLimit)
    }
    #expect(begun.count == 20 && line.isEmpty)
  }

  @Test func `What has not begun can be taken out, and makes room`() throws {
    var line = JobLine<String>(limit: 2, limitPerIdentity: 2)
    try line.add("one", .local, number: 1)
    try line.add("two", .local, number: 2)
    let error = #expect(throws: EngineError.self) { try line.add("three", .local, number: 3) }
    #expect(error?.kind == .queueFull)
    #expect(line.withdraw(2) == "two" && line.withdraw(2) == nil)
    try line.add("three", .local, number: 3)
    #expect(line.next(rows: 1)?.job == "one" && line.withdraw(1) == nil)
    line.finish(1)
    #expect(line.next(rows: 1)?.job == "three")
  }
}
