import GRDB

/// Reads all b-trees of a damaged database and returns every readable record with its shape.
///
/// First, it follows the trees from their roots: those that the file names or, if these are lost, those of a new
/// history, because the same steps put the same tables into the same pages. Then it reads the pages that can't be
/// reached any more; each is returned as a whole, with the shapes that fit all of its records.
struct TreeWalk {
    private let pages: DatabasePages
    private let shapes: [TreeShape]
    private var visited: Set<Int> = []
    /// Pages that turn out not to belong to their tree, and unreadable cells.
    private(set) var badPages = 0
    private(set) var badCells = 0

    init(_ pages: DatabasePages, shapes: [TreeShape]) {
        self.pages = pages
        self.shapes = shapes
    }

    mutating func run(
        record: (Record, TreeShape) throws -> Void, lostPage: ([Record], [TreeShape]) throws -> Void
    ) throws {
        let named = try namedRoots()
        for shape in shapes { if let root = named[shape.name] { try walk(from: root, shape, record) } }
        for shape in shapes where named[shape.name] == nil { try walk(from: shape.root, shape, record) }
        let free = try pages.freePages()
        for number in stride(from: 1, through: pages.count, by: 1)
        where !visited.contains(number) && !free.contains(number) {
            guard let page = try BTreePage(number, in: pages), !page.records.isEmpty else { continue }
            let fitting = shapes.filter { shape in page.records.allSatisfy(shape.admits) }
            guard !fitting.isEmpty else { continue }
            badCells += page.badCells
            try lostPage(page.records, fitting)
        }
    }

    /// The root pages by name, as far as the file's own schema can be read.
    private mutating func namedRoots() throws -> [String: Int] {
        let texts = ["type", "name", "tbl_name"].map { Self.schemaColumn($0, "TEXT") }
        let schema = TreeShape(
            name: "sqlite_schema", root: 1, isIndex: false, hasRowIDs: true,
            columns: texts + [Self.schemaColumn("rootpage", "INTEGER"), Self.schemaColumn("sql", "TEXT")],
            rowIDColumn: nil)
        var roots: [String: Int] = [:]
        try walk(from: 1, schema) { record, _ in
            guard let name = String.fromDatabaseValue(record.values[1]),
                let root = Int.fromDatabaseValue(record.values[3])
            else { return }
            roots[name] = root
        }
        return roots
    }

    private static func schemaColumn(_ name: String, _ type: String) -> TreeShape.Column {
        TreeShape.Column(name: name, type: type, mayBeMissing: false, mayBeNull: true)
    }

    private mutating func walk(
        from root: Int, _ shape: TreeShape, _ body: (Record, TreeShape) throws -> Void
    ) throws {
        var rest = [root]
        while let number = rest.popLast() {
            guard !visited.contains(number) else { continue }
            guard let page = try BTreePage(number, in: pages), page.kind.isOfTable == shape.hasRowIDs else {
                badPages += 1
                continue
            }
            let records = page.records.filter(shape.admits)
            // A page that belongs to another tree is skipped here.
            if records.isEmpty, !page.records.isEmpty {
                badPages += 1
                continue
            }
            visited.insert(number)
            badCells += page.badCells + page.records.count - records.count
            if !shape.isIndex { for record in records { try body(record, shape) } }
            rest += page.children.reversed()
        }
    }
}
