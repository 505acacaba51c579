import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("Installation and systemd")
struct InstallationTests {
    private func run(
        _ binary: FilePath, _ arguments: [String], within limit: Duration = .seconds(120), in folder: TemporaryFolder
    ) async throws -> Output {
        let run = try Running(binary, arguments, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], in: folder)
        try await eventually("\(binary) ends", within: limit) { !run.isRunning }
        return try run.output()
    }

    /// Installs what is built already, without building it again: a test may not wait for the build that runs it.
    private func install(in folder: TemporaryFolder) async throws -> Output {
        try await run(
            "/usr/bin/make",
            [
                "-C", Locations.packageRoot.string, "-o", "build", "install", "DESTDIR=\(folder.path)/root",
                "PREFIX=/usr", "BINARY=\(Farm.binary)",
            ], in: folder)
    }

    @Test("make install lays the files out, and leaves settings alone that are there")
    func layout() async throws {
        let folder = try TemporaryFolder()
        let output = try await install(in: folder)
        #expect(output.status == 0, "\(output.errors)")
        let root = folder.path.appending("root")
        let installed = Locations.files(below: root).map { String($0.string.dropFirst(root.string.count)) }
        let files = installed.filter { !$0.hasSuffix(".so") }
        #expect(installed.contains("/usr/lib/cultivar/libswiftCore.so"))
        #expect(
            files == [
                "/etc/cultivar/cultivar.yaml", "/usr/bin/cultivar", "/usr/lib/cultivar/cultivar",
                "/usr/lib/systemd/system/cultivar.service",
                "/usr/lib/sysusers.d/cultivar.conf", "/usr/lib/tmpfiles.d/cultivar.conf",
            ])
        let unit = String(decoding: try folder.read("root/usr/lib/systemd/system/cultivar.service"), as: UTF8.self)
        #expect(unit.contains("\nExecStart=/usr/bin/cultivar daemon\n"))
        let template = try await run(root.appending("usr/bin/cultivar"), ["config", "template"], in: folder)
        #expect(try Array(template.text.utf8) == folder.read("root/etc/cultivar/cultivar.yaml"))

        try folder.write(Array("train: {min_new: 7}\n".utf8), to: "root/etc/cultivar/cultivar.yaml")
        #expect(try await install(in: folder).status == 0)
        #expect(try folder.read("root/etc/cultivar/cultivar.yaml") == Array("train: {min_new: 7}\n".utf8))
    }

    @Test(
        "systemd finds nothing wrong with the unit",
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/systemd-analyze"), "needs systemd-analyze"))
    func unit() async throws {
        let folder = try TemporaryFolder()
        let source = Locations.packageRoot.appending("systemd/cultivar.service")
        let text = String(decoding: try Locations.bytes(of: source), as: UTF8.self)
            .replacing("/usr/local/bin/cultivar", with: Farm.binary.string)
        let unit = try folder.write(Array(text.utf8), to: "cultivar.service")
        let output = try await run("/usr/bin/systemd-analyze", ["verify", "--man=no", unit.string], in: folder)
        #expect(output.status == 0)
        #expect(!output.errors.contains("cultivar.service"))
    }

    @Test(
        "The installed unit does its work under a real systemd, in its sandbox",
        .enabled(if: canBoot, "booting a machine takes root and systemd-nspawn"))
    func machine() async throws {
        let folder = try TemporaryFolder()
        let script = Locations.packageRoot.appending("scripts/try-unit")
        let output = try await run(script, ["--binary", Farm.binary.string], within: .seconds(900), in: folder)
        #expect(output.status == 0, "\(output.errors)")
    }

    /// Whether this process may mount, and Debian's systemd-container is installed.
    private static let canBoot: Bool = {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let rights = line.flatMap { UInt64($0.dropFirst("CapEff:\t".count), radix: 16) } ?? 0
        let administration: UInt64 = 1 << 21
        return rights & administration != 0 && FileManager.default.fileExists(atPath: "/usr/bin/systemd-nspawn")
    }()
}
