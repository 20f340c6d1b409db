internal import ArgumentParser
internal import MinkeCheckpoints
internal import MinkeTensors

extension FileType {
  /// A file type on the command line, in any case.
  init(argument: String) throws {
    guard let type = FileType(named: argument) else {
      throw ValidationError(
        "'\(argument)' is no file type; expected \(FileType.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    self = type
  }
}

extension ElementType {
  /// An element type on the command line, in any case, that weights can be stored in.
  init(argument: String) throws {
    guard let type = ElementType(named: argument) else {
      throw ValidationError("'\(argument)' is no element type; expected \(ElementType.writableNames)")
    }
    guard type.isWritable else {
      throw ValidationError("\(type) is read, but not made; expected \(ElementType.writableNames)")
    }
    self = type
  }
}
