internal import MinkeCheckpoints
internal import MinkeModels

/// What a checkpoint says of itself.
public struct ModelInformation: Sendable, Equatable {
  /// `general.name`, or the name of the file or folder.
  public let name: String
  /// `general.architecture`.
  public let architecture: String
  /// Tokens of context that the model was trained on.
  public let trainedContextLength: Int
  public let vocabularySize: Int
  public let layerCount: Int
  /// Bytes of the file, or of all its parts.
  public let fileSize: Int

  init(_ file: any Checkpoint, _ configuration: ModelConfiguration) throws(CheckpointError) {
    let fileName = file.path.split(separator: "/").last.map(String.init) ?? file.path
    name = try file.metadata.string("general.name") ?? fileName
    architecture = try file.metadata.requiredString("general.architecture")
    trainedContextLength = configuration.contextLength
    vocabularySize = configuration.vocabularySize
    layerCount = configuration.layerCount
    fileSize = file.fileSize
  }
}
