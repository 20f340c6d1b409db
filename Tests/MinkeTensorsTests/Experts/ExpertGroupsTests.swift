import MinkeTensors
import Testing

@Suite("Pairs of rows and experts")
struct ExpertGroupsTests {
  @Test("are in the order of experts, then of rows")
  func order() throws {
    // Row 0 goes to 3 and 1, row 1 to 1 and 0, row 2 to 3 and 4.
    let chosen: [Int32] = [3, 1, 1, 0, 3, 4]
    try withGroups(expertCount: 6, usedCount: 2, rows: 8) { groups in
      unsafe groups.assign(chosen, rowCount: 3)
      #expect(groups.pairCount == 6)
      #expect((0..<groups.activeCount).map { groups.active($0) } == [0, 1, 3, 4])
      #expect(groups.pairs(of: 0) == 0..<1)
      #expect(groups.pairs(of: 1) == 1..<3)
      #expect(groups.pairs(of: 2).isEmpty)
      #expect(groups.pairs(of: 3) == 3..<5)
      #expect(groups.pairs(of: 5) == 6..<6)
      #expect((0..<6).map { groups.row(of: $0) } == [1, 0, 1, 0, 2, 2])
      for row in 0..<3 {
        for rank in 0..<2 {
          let pair = groups.pair(row: row, rank: rank)
          #expect(groups.row(of: pair) == row)
          #expect(groups.pairs(of: Int(chosen[2 * row + rank])).contains(pair))
        }
      }
    }
  }

  @Test("are forgotten with the next batch, and may name an expert twice")
  func again() throws {
    try withGroups(expertCount: 3, usedCount: 2, rows: 4) { groups in
      unsafe groups.assign([0, 1, 0, 1, 0, 1, 0, 1], rowCount: 4)
      unsafe groups.assign([2, 2], rowCount: 1)
      #expect(groups.activeCount == 1 && groups.active(0) == 2)
      #expect(groups.pairs(of: 2) == 0..<2 && groups.pairs(of: 0).isEmpty)
      #expect(groups.pair(row: 0, rank: 0) != groups.pair(row: 0, rank: 1))
    }
  }

  @Test("take memory that does not overflow unnoticed")
  func memory() {
    #expect(ExpertGroups.memoryCount(expertCount: 4, usedCount: 2, rows: 10) == 9 + 40)
    #expect(ExpertGroups.memoryCount(expertCount: 4, usedCount: 2, rows: .max / 2) == nil)
  }

  private func withGroups(
    expertCount: Int, usedCount: Int, rows: Int, _ body: (inout ExpertGroups) -> Void
  ) throws {
    let count = try #require(
      ExpertGroups.memoryCount(expertCount: expertCount, usedCount: usedCount, rows: rows))
    let memory = UnsafeMutablePointer<Int32>.allocate(capacity: count)
    defer { unsafe memory.deallocate() }
    // Whatever was there before.
    unsafe memory.initialize(repeating: -7, count: count)
    var groups = unsafe ExpertGroups(
      expertCount: expertCount, usedCount: usedCount, rows: rows, memory: memory)
    body(&groups)
  }
}
