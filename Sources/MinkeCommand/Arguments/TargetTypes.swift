internal import ArgumentParser
internal import MinkeCheckpoints
internal import MinkeTensors

/// A file type on the command line, in any case.
struct TargetType: ExpressibleByArgument {
  let fileType: FileType

  init?(argument: String) {
    guard let fileType = FileType(named: argument) else { return nil }
    self.fileType = fileType
  }
}

/// An element type on the command line, in any case.
struct TensorType: ExpressibleByArgument {
  let elementType: ElementType

  init?(argument: String) {
    guard let elementType = ElementType(named: argument) else { return nil }
    self.elementType = elementType
  }
}
