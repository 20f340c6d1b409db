package import MinkeTensors

extension ModelConfiguration {
  /// What a cache of this model holds for each position: layers that see everything, then those with a window.
  package func cacheShape(_ keys: CacheElement = .f16, _ values: CacheElement = .f16) -> KVCacheShape {
    let caching = (0..<layerCount).filter(keepsPositions)
    let local = caching.count(where: isLocal)
    var groups: [KVLayerGroup] = []
    // A cache of no layer would have no extent.
    if local < caching.count || caching.isEmpty {
      groups.append(KVLayerGroup(layerCount: max(caching.count - local, 1)))
    }
    if local > 0 {
      groups.append(KVLayerGroup(layerCount: local, window: attention.slidingWindow?.size))
    }
    return KVCacheShape(
      groups: groups, headCount: attention.keyValueHeadCount, headDimension: cachedKeyLength,
      latentValueDimension: latent?.latentLength, keyElement: keys, valueElement: values,
      stateCount: linear?.stateCount ?? 0)
  }

  /// Where the keys and values of a layer lie in caches of ``cacheShape(_:_:)``.
  package func cachePlace(of layer: Int) -> KVLayerPlace {
    let isLocal = isLocal(layer: layer)
    let hasBoth = isLocal && (0..<layerCount).contains { keepsPositions($0) && !self.isLocal(layer: $0) }
    return KVLayerPlace(
      group: hasBoth ? 1 : 0,
      layer: (0..<layer).count { keepsPositions($0) && self.isLocal(layer: $0) == isLocal })
  }

  /// Whether a layer keeps keys and values; those of linear attention have a state instead.
  private func keepsPositions(_ layer: Int) -> Bool { linear?.isLinear[layer] != true }
}
