/// Where the parts of a bundle lie: a program, then the files of a model, then what describes them.
///
///     program | zeros | file | zeros | file … | manifest | table | trailer
///
/// Files begin at multiples of ``alignment``, so that they can be mapped where they lie, whatever the system's page.
/// The manifest is text that this layer only carries. The table holds offset and length of each file, the trailer
/// the magic, the number of files, offset and length of the manifest, and the length of the whole; all integers are
/// unsigned, of 64 bits, little-endian. A program stays a program with bytes after its end, as ELF allows.
package struct BundleLayout: Equatable, Sendable {
  /// Bytes of the program; the first file begins at the next multiple of ``alignment``.
  package let programLength: Int
  package let files: [Range<Int>]
  package let manifest: Range<Int>
  /// Bytes of the whole.
  package let count: Int

  /// The largest page that Linux has on the processors Minke knows.
  package static let alignment = 1 << 16
  package static let trailerBytes = 48
  static let entryBytes = 16
  static let magic = Array("minke bundle 001".utf8)
  /// More parts than any model has.
  static let mostFiles = 99_999

  /// The layout of a program of `programLength` bytes, files of `fileLengths` bytes, none of them empty, and a manifest.
  ///
  /// - Returns: nil when the whole would be longer than a file can be.
  package init?(programLength: Int, fileLengths: [Int], manifestLength: Int) {
    var end = programLength
    func advance(_ length: Int, aligned: Bool) -> Range<Int>? {
      let gap = aligned ? (Self.alignment - end % Self.alignment) % Self.alignment : 0
      let (start, first) = end.addingReportingOverflow(gap)
      let (next, second) = start.addingReportingOverflow(length)
      guard !first, !second else { return nil }
      end = next
      return start..<next
    }
    var files: [Range<Int>] = []
    for length in fileLengths {
      guard length > 0, let range = advance(length, aligned: true) else { return nil }
      files.append(range)
    }
    guard !files.isEmpty, files.count <= Self.mostFiles,
      let manifest = advance(manifestLength, aligned: false),
      let tail = advance(files.count * Self.entryBytes + Self.trailerBytes, aligned: false)
    else { return nil }
    (self.programLength, self.files, self.manifest, count) = (programLength, files, manifest, tail.upperBound)
  }

  /// The table and the trailer, which end the bundle.
  package var tail: [UInt8] {
    var bytes: [UInt8] = []
    func append(_ value: Int) {
      for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    for file in files {
      append(file.lowerBound)
      append(file.count)
    }
    bytes += Self.magic
    append(files.count)
    append(manifest.lowerBound)
    append(manifest.count)
    append(count)
    return bytes
  }
}

// MARK: Reading

extension BundleLayout {
  /// The layout that the end of a file describes; nil where a file does not end like a bundle.
  ///
  /// Every number is checked against the length of the file and the others, so that no range leads elsewhere.
  init?(of file: MappedFile) throws(CheckpointError) {
    let trailer = file.count - Self.trailerBytes
    guard trailer > 0,
      Self.magic.indices.allSatisfy({ file.load(UInt8.self, at: trailer + $0) == Self.magic[$0] })
    else { return nil }
    func malformed(_ field: String, _ found: String, _ expected: String) -> CheckpointError {
      CheckpointError(
        .malformed, path: file.path, at: .field(field), found: found, expected: expected,
        remedy: "the bundle is damaged or incomplete: copy or make it again")
    }
    func number(_ field: String, at offset: Int) throws(CheckpointError) -> Int {
      guard let bits = file.load(UInt64.self, at: offset), let value = Int(exactly: bits) else {
        throw malformed(field, "a number beyond 63 bits", "one within the file")
      }
      return value
    }
    let length = try number("bundle length", at: trailer + 40)
    guard length == file.count else {
      throw malformed("bundle length", "\(length)", "\(file.count), the length of the file")
    }
    let fileCount = try number("file count", at: trailer + 16)
    guard (1...Self.mostFiles).contains(fileCount), fileCount <= trailer / Self.entryBytes else {
      throw malformed("file count", "\(fileCount)", "1 to \(Self.mostFiles), whose table fits into the file")
    }
    let table = trailer - fileCount * Self.entryBytes
    let manifestOffset = try number("manifest offset", at: trailer + 24)
    let manifestLength = try number("manifest length", at: trailer + 32)
    guard manifestOffset <= table, manifestLength == table - manifestOffset else {
      throw malformed(
        "manifest", "\(manifestLength) bytes from byte \(manifestOffset)",
        "an end at byte \(table), where the table begins")
    }
    var files: [Range<Int>] = []
    for index in 0..<fileCount {
      let entry = table + index * Self.entryBytes
      let offset = try number("file offset", at: entry)
      let length = try number("file length", at: entry + 8)
      let previous = files.last?.upperBound ?? 1
      guard offset % Self.alignment == 0, offset >= previous, offset < manifestOffset, length > 0,
        length <= manifestOffset - offset
      else {
        throw malformed(
          "file \(index + 1)", "\(length) bytes from byte \(offset)",
          "a multiple of \(Self.alignment) in \(previous)..<\(manifestOffset), and an end before the manifest"
        )
      }
      files.append(offset..<(offset + length))
    }
    (self.files, manifest, count) = (files, manifestOffset..<table, file.count)
    programLength = files[0].lowerBound
  }
}
