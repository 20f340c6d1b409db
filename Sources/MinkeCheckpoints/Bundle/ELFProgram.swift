/// What a Linux program needs to start, read from its ELF header (System V ABI, "Object Files" and "Dynamic Linking").
package struct ELFProgram: Equatable, Sendable {
  /// The instruction set, as ELF numbers it: 62 is x86-64, 183 is AArch64.
  package let machine: Int
  /// The shared libraries it names; nil for a program that needs no loader, which carries all of them.
  package let libraries: [String]?

  /// The program at `path`; nil when the file is not a 64-bit little-endian ELF program.
  package init?(path: String) throws(CheckpointError) {
    self.init(try MappedFile(path: path))
  }

  init?(_ file: MappedFile) {
    let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1]
    guard magic.indices.allSatisfy({ file.load(UInt8.self, at: $0) == magic[$0] }),
      let machine = file.load(UInt16.self, at: 18), let headers = Self.headers(of: file)
    else { return nil }
    self.machine = Int(machine)
    libraries = headers.contains { $0.type == Header.interpreter } ? Self.libraries(headers, in: file) : nil
  }

  /// A program header: a range of the file and the address it gets.
  private struct Header {
    static let load = 1, dynamic = 2, interpreter = 3
    var type: Int
    var offset: Int
    var address: Int
    var size: Int
  }

  private static func headers(of file: MappedFile) -> [Header]? {
    guard let start = number(file, 32), let size = file.load(UInt16.self, at: 54), size >= 56,
      let count = file.load(UInt16.self, at: 56), count <= 256
    else { return nil }
    var headers: [Header] = []
    for index in 0..<Int(count) {
      // Does not overflow: at most 256 headers of 64 KiB after an offset within the file.
      let at = start + index * Int(size)
      guard let type = file.load(UInt32.self, at: at), let offset = number(file, at + 8),
        let address = number(file, at + 16), let bytes = number(file, at + 32)
      else { return nil }
      headers.append(Header(type: Int(type), offset: offset, address: address, size: bytes))
    }
    return headers
  }

  private static func libraries(_ headers: [Header], in file: MappedFile) -> [String] {
    guard let dynamic = headers.first(where: { $0.type == Header.dynamic }) else { return [] }
    var names: [Int] = []
    var table: Int?
    // Pairs of a tag and a value, to a tag of zero.
    for index in 0..<min(dynamic.size / 16, 4096) {
      let (at, overflow) = dynamic.offset.addingReportingOverflow(index * 16)
      guard !overflow, let tag = number(file, at), tag != 0, let value = number(file, at + 8) else { break }
      if tag == 1 { names.append(value) }
      if tag == 5 { table = value }
    }
    guard let table, let strings = offset(of: table, headers) else { return [] }
    return names.map { text(in: file, at: strings.addingReportingOverflow($0)) }
  }

  /// Where an address lies in the file.
  private static func offset(of address: Int, _ headers: [Header]) -> Int? {
    for header in headers where header.type == Header.load {
      let (distance, overflow) = address.subtractingReportingOverflow(header.address)
      guard !overflow, distance >= 0, distance < header.size else { continue }
      let (offset, beyond) = header.offset.addingReportingOverflow(distance)
      return beyond ? nil : offset
    }
    return nil
  }

  private static func text(in file: MappedFile, at start: (partialValue: Int, overflow: Bool)) -> String {
    guard !start.overflow else { return "?" }
    var bytes: [UInt8] = []
    while bytes.count < 256, let byte = file.load(UInt8.self, at: start.partialValue + bytes.count), byte != 0
    {
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The number of 64 bits at `offset`, where it is one that a file can have.
  private static func number(_ file: MappedFile, _ offset: Int) -> Int? {
    file.load(UInt64.self, at: offset).flatMap { Int(exactly: $0) }
  }
}

extension ELFProgram {
  /// Libraries that every Linux system with glibc has.
  private static let common = ["libc.so", "libm.so", "libdl.so", "libpthread.so", "librt.so", "ld-linux"]

  /// The libraries that another machine may lack.
  package var uncommonLibraries: [String] {
    (libraries ?? []).filter { name in !Self.common.contains { name.hasPrefix($0) } }
  }
}
