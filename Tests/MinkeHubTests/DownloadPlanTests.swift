import Foundation
import MinkeHub
import Testing

@Suite struct `How a file is cut` {
  @Test func `Chunks cover every byte once`() {
    for (size, chunk) in [(0, 10), (1, 10), (9, 10), (10, 10), (11, 10), (100, 7), (7, 100)] {
      let plan = RangePlan(size: size, chunkSize: chunk)
      let bytes = (0..<plan.chunkCount).flatMap { Array(plan.bytes(of: $0)) }
      #expect(bytes == Array(0..<size))
    }
  }

  @Test func `A chunk is a megabyte until there would be too many`() {
    #expect(RangePlan(size: 5 << 30).chunkSize == 1 << 20)
    #expect(RangePlan(size: 64 << 30).chunkSize == 1 << 20)
    let large = RangePlan(size: 404_000_000_000)
    #expect(large.chunkSize == 6 << 20 && large.chunkCount <= 65_536)
    #expect(RangePlan(size: RangePlan.maximumSize).chunkCount <= 65_536)
  }

  @Test func `Runs are what is missing, in order, none too long`() {
    let plan = RangePlan(size: 100, chunkSize: 10)
    #expect(plan.runs(limit: 4) { _ in true } == [0..<4, 4..<8, 8..<10])
    #expect(plan.runs(limit: 4) { _ in false } == [])
    #expect(plan.runs(limit: 9) { [1, 2, 5, 9].contains($0) } == [1..<3, 5..<6, 9..<10])
    var generator = SplitMix(state: 3)
    for _ in 0..<200 {
      let missing = (0..<10).filter { _ in Bool.random(using: &generator) }
      let limit = Int.random(in: 1...10, using: &generator)
      let runs = plan.runs(limit: limit) { missing.contains($0) }
      #expect(runs.flatMap { Array($0) } == missing && runs.allSatisfy { $0.count <= limit })
    }
    #expect(RangePlan(size: 0).runs(limit: 1) { _ in true } == [])
  }

  @Test func `Sizes that no file has are not believed`() {
    for size in [nil, -1, .min, .max, RangePlan.maximumSize + 1] {
      #expect(RangePlan.checked(size: size) == nil)
    }
    #expect(RangePlan.checked(size: 0) == 0)
  }
}

@Suite struct `The journal of a fetch` {
  static let plan = RangePlan(size: 95, chunkSize: 10)

  func journal(_ chunks: [Int]) -> ChunkJournal {
    var journal = ChunkJournal(
      header: .init(source: "https://h/f", plan: Self.plan, entityTag: "t", digest: SHA256Digest(of: [1])))
    for chunk in chunks { journal.digests[chunk] = SHA256Digest(of: [UInt8(chunk)]) }
    return journal
  }

  @Test func `It is read as it was written`() throws {
    let journal = journal([0, 3, 9])
    #expect(ChunkJournal(decoding: journal.encoded()) == journal)
    #expect(journal.digests.count == 3 && journal.digests.byteCount == 25)
    #expect(!journal.digests.isComplete && self.journal(Array(0..<10)).digests.isComplete)
  }

  @Test func `Cut anywhere it holds the records before`() throws {
    let whole = journal([0, 1, 2])
    let data = whole.encoded()
    let headerSize = whole.encodedHeader().count
    for length in 0...data.count {
      let found = ChunkJournal(decoding: data.prefix(length))
      if length < headerSize {
        #expect(found == nil)
      } else {
        #expect(found?.digests.count == (length - headerSize) / 36)
      }
    }
  }

  @Test func `Random damage gives a journal or none, never a trap`() throws {
    var generator = SplitMix(state: 5)
    let data = journal([0, 1, 2, 5]).encoded()
    for _ in 0..<3000 {
      var broken = data
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        broken[Int.random(in: 0..<broken.count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      if let found = ChunkJournal(decoding: broken) {
        #expect(found.digests.count <= found.digests.plan.chunkCount)
      }
    }
    for text in [
      #"{"schema":1,"source":"","size":9223372036854775807,"chunkSize":1}"#,
      #"{"schema":1,"source":"","size":5,"chunkSize":0}"#,
      #"{"schema":1,"source":"","size":-5,"chunkSize":1}"#,
      #"{"schema":1,"source":"","size":1125899906842624,"chunkSize":1}"#,
      #"{"schema":2,"source":"","size":5,"chunkSize":5}"#, "[]", "",
    ] { #expect(ChunkJournal(decoding: Data((text + "\n").utf8)) == nil) }
  }

  @Test func `Digests survive as bytes`() throws {
    let digest = SHA256Digest(of: Array("abc".utf8))
    #expect(SHA256Digest(bytes: digest.bytes) == digest)
    #expect(digest.hex.hasPrefix("ba7816bf"))
  }
}
