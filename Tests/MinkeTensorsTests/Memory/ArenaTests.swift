import Foundation
import MinkeTensors
import Testing

@Suite struct ArenaTests {
  @Test func cutsAlignedZeroedMemory() throws {
    let arena = try Arena(byteCount: 1 << 20)
    for count in [1, 3, 16, 17, 1000] {
      let buffer = unsafe try arena.allocate(Float.self, count: count)
      #expect(UInt(bitPattern: buffer) % 64 == 0)
      for i in 0..<count { #expect(unsafe buffer[i] == 0) }
      unsafe buffer[count - 1] = 1
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    let arena = try Arena(byteCount: 4096)
    #expect(throws: TensorError.self) { unsafe _ = try arena.allocate(Float.self, count: .max) }
    #expect(throws: TensorError.self) { unsafe _ = try arena.allocate(Float.self, count: -1) }
    #expect(throws: TensorError.self) { try arena.rows(count: .max / 2, width: 3) }
    #expect(throws: TensorError.self) { try Arena(byteCount: -1) }
    #expect(throws: TensorError.self) { try Arena(byteCount: .max) }
    #expect(throws: TensorError.self) { try Arena(byteCount: 1 << 60) }
  }

  @Test func rowsBeginAtCacheLines() throws {
    let arena = try Arena(byteCount: 1 << 16)
    let rows = try arena.rows(count: 3, width: 50)
    #expect(rows.stride == 64)
    #expect(unsafe rows[2] == rows.base + 128)
    #expect(unsafe rows.columns(10..<20)[1] == rows.base + 74)
    #expect(unsafe rows.rows(1..<3).base == rows[1])
  }

  /// Small, and large enough for large pages.
  @Test(arguments: [1 << 16, 12 << 20]) func showsOrReadsAFile(length: Int) throws {
    let path = NSTemporaryDirectory() + "minke-arena-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    let bytes = (0..<length).map { UInt8(truncatingIfNeeded: ($0 &* 31) >> 5) }
    // In small pieces, so that the page cache has small pages where it can have large ones.
    let writer = try #require(
      FileManager.default.createFile(atPath: path, contents: nil) ? FileHandle(forWritingAtPath: path) : nil)
    for start in stride(from: 0, to: length, by: 4096) {
      try writer.write(contentsOf: bytes[start..<start + 4096])
    }
    let file = try #require(FileHandle(forReadingAtPath: path))
    let arena = try Arena(byteCount: length + 1, isFilled: true)
    func isFile() -> Bool { unsafe memcmp(arena.base, bytes, length) == 0 }
    func isZero() -> Bool {
      unsafe UnsafeRawBufferPointer(start: arena.base, count: arena.byteCount).allSatisfy { $0 == 0 }
    }
    #expect(isZero())
    #expect(try arena.map(file.fileDescriptor, count: length) && isFile())
    _ = arena.isFileInLargePages(count: length)
    #expect(isFile())
    try arena.clear()
    #expect(isZero())
    #expect(arena.read(0..<length, from: file.fileDescriptor) && isFile())
    #expect(!arena.read(0..<arena.byteCount, from: file.fileDescriptor))
    try arena.clear()
    #expect(try !arena.map(-1, count: length))
    #expect(isZero())
    let last = unsafe try arena.allocate(UInt8.self, count: length) + length - 1
    unsafe last.pointee = 1
    #expect(!isZero())
  }
}
