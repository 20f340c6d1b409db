/// One file in safetensors format, mapped read-only.
///
/// A file is the length of its header (u64, little-endian), the header (a JSON object of tensors), the tensors' data, one
/// after the other without gaps. It holds after reading that names are unique, that each tensor's extent is what its shape and
/// type say, computed without overflow, and that the data is contiguous; whether the file is long enough is checked when
/// a tensor is used. Source: the format's description in the `safetensors` package.
struct SafetensorsFile: Sendable {
  let file: MappedFile
  /// In the order of their data.
  let tensors: [SafetensorsTensor]

  /// The format's own limit.
  static let headerLimit = 100_000_000
  static let rankLimit = 8

  init(_ file: MappedFile) throws(CheckpointError) {
    self.file = file
    let (header, start) = try Self.header(of: file)
    var reader = try JSONReader(header, path: file.path)
    var tensors: [SafetensorsTensor] = []
    var names = Set<String>()
    try reader.object { (reader, name) throws(CheckpointError) in
      guard name != "__metadata__" else { return try reader.skip() }
      guard names.insert(name).inserted else {
        throw Self.malformed(file, name, "the name a second time", "every tensor once")
      }
      guard tensors.count < GGUFLimits.tensors else {
        throw Self.malformed(file, name, "more than \(GGUFLimits.tensors) tensors", "at most so many")
      }
      tensors.append(try Self.tensor(name, &reader, in: file, dataStart: start))
    }
    try reader.finish()
    tensors.sort {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name)
        < ($1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name)
    }
    try Self.checkContiguous(tensors, from: start, in: file)
    self.tensors = tensors
  }

  /// The header's bytes, and where the data begins.
  private static func header(of file: MappedFile) throws(CheckpointError) -> ([UInt8], Int) {
    let place = CheckpointError.Place.field("header length")
    guard let length = file.load(UInt64.self, at: 0) else {
      throw CheckpointError(
        .truncated, path: file.path, at: place, found: "a file of \(file.count) bytes",
        expected: "at least 8", remedy: "the file is incomplete: fetch it again")
    }
    guard length <= headerLimit else {
      throw CheckpointError(
        .malformed, path: file.path, at: place, offset: 0, found: "\(length) bytes",
        expected: "at most \(headerLimit)", remedy: "this is not a safetensors file")
    }
    guard length <= file.count - 8 else {
      throw CheckpointError(
        .truncated, path: file.path, at: place, offset: 0, found: "\(length) bytes",
        expected: "at most the \(file.count - 8) that remain",
        remedy: "the file is incomplete: fetch it again")
    }
    let end = 8 + Int(length)
    return (unsafe file.withBytes(in: 8..<end) { unsafe Array($0) }, end)
  }

  private static func tensor(
    _ name: String, _ reader: inout JSONReader, in file: MappedFile, dataStart: Int
  ) throws(CheckpointError) -> SafetensorsTensor {
    let fields = try record(&reader)
    guard let typeName = fields["dtype"]?.string, let shape = integers(fields["shape"]),
      let offsets = integers(fields["data_offsets"]), offsets.count == 2, shape.count <= rankLimit
    else {
      throw malformed(
        file, name, "a record that is not a tensor's",
        "dtype, shape of at most \(rankLimit) whole numbers, data_offsets of two")
    }
    guard let type = SafetensorsType(rawValue: typeName) else {
      throw CheckpointError(
        .unsupported, path: file.path, at: .tensor(name), found: "type \"\(printable(typeName))\"",
        expected: SafetensorsType.allCases.map(\.rawValue).joined(separator: ", "))
    }
    var byteCount = type.byteCount
    for size in shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else {
        throw malformed(file, name, "the shape \(shape)", "sizes whose product is below 2^63")
      }
      byteCount = product
    }
    let (begin, end) = (offsets[0], offsets[1])
    let (last, overflow) = dataStart.addingReportingOverflow(end)
    guard begin >= 0, end >= begin, !overflow, end - begin == byteCount else {
      throw malformed(
        file, name, "data from \(begin) to \(end)",
        "\(byteCount) bytes, as shape \(shape) and type \(typeName) say")
    }
    return SafetensorsTensor(
      name: name, type: type, shape: shape, file: file, byteRange: dataStart + begin..<last)
  }

  private static func record(_ reader: inout JSONReader) throws(CheckpointError) -> [String: JSONValue] {
    guard case .object(let members) = try reader.value() else { return [:] }
    return members
  }

  private static func integers(_ value: JSONValue?) -> [Int]? {
    guard let elements = value?.elements else { return nil }
    let integers = elements.compactMap(\.integer)
    return integers.count == elements.count ? integers : nil
  }

  /// Data must begin behind the header and leave no gap, between tensors or at the end: what hides there is nobody's.
  private static func checkContiguous(
    _ tensors: [SafetensorsTensor], from start: Int, in file: MappedFile
  ) throws(CheckpointError) {
    var end = start
    for tensor in tensors {
      guard tensor.byteRange.lowerBound == end else {
        throw malformed(
          file, tensor.name, "data from byte \(tensor.byteRange.lowerBound)",
          "data from byte \(end), where that of the tensor before it ends")
      }
      end = tensor.byteRange.upperBound
    }
    guard end >= file.count else {
      throw CheckpointError(
        .malformed, path: file.path, at: .file, offset: end,
        found: "\(file.count - end) bytes behind the last tensor", expected: "the end of the file")
    }
  }

  private static func malformed(
    _ file: MappedFile, _ name: String, _ found: String, _ expected: String
  ) -> CheckpointError {
    CheckpointError(.malformed, path: file.path, at: .tensor(name), found: found, expected: expected)
  }
}
