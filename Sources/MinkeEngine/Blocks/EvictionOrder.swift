/// What may be evicted, by owner, least recently used first: a doubly linked list for each owner, through nodes of the
/// prefix tree.
///
/// Removing takes constant time; so does inserting what was used last, and nearly so what was used about as long ago as
/// what is evicted next.
struct EvictionOrder {
  private struct Link {
    var previous = -1
    var next = -1
    /// −1: not in a list.
    var owner = -1
    var lastUse: UInt64 = 0
  }

  private struct List {
    var first = -1
    var last = -1
    var count = 0
  }

  private var links: [Link] = []
  private var lists: [List] = []

  func contains(_ node: Int) -> Bool { node < links.count && links[node].owner >= 0 }

  func count(of owner: Int) -> Int { owner < lists.count ? lists[owner].count : 0 }

  /// The node that was used longest ago, and when.
  func first(of owner: Int) -> (node: Int, lastUse: UInt64)? {
    guard owner < lists.count, lists[owner].count > 0 else { return nil }
    let node = lists[owner].first
    return (node, links[node].lastUse)
  }

  mutating func insert(_ node: Int, owner: Int, lastUse: UInt64) {
    precondition(!contains(node), "a node is listed once")
    while links.count <= node { links.append(Link()) }
    while lists.count <= owner { lists.append(List()) }
    // The node to go behind.
    var place = lists[owner].last
    if place >= 0, links[place].lastUse > lastUse {
      place = -1
      var next = lists[owner].first
      while next >= 0, links[next].lastUse <= lastUse { (place, next) = (next, links[next].next) }
    }
    let next = place >= 0 ? links[place].next : lists[owner].first
    links[node] = Link(previous: place, next: next, owner: owner, lastUse: lastUse)
    if place >= 0 { links[place].next = node } else { lists[owner].first = node }
    if next >= 0 { links[next].previous = node } else { lists[owner].last = node }
    lists[owner].count += 1
  }

  /// Does nothing for a node that is in no list.
  mutating func remove(_ node: Int) {
    guard contains(node) else { return }
    let link = links[node]
    if link.previous >= 0 {
      links[link.previous].next = link.next
    } else {
      lists[link.owner].first = link.next
    }
    if link.next >= 0 {
      links[link.next].previous = link.previous
    } else {
      lists[link.owner].last = link.previous
    }
    lists[link.owner].count -= 1
    links[node] = Link()
  }
}
