// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built with these.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Tests look inside the modules and are run optimised, from the same build as the program.
    .unsafeFlags(["-enable-testing"], .when(configuration: .release)),
]

/// Targets whose inner loops are arithmetic: unoptimised they are 40 times slower, too slow for a debug test.
let numericSettings: [SwiftSetting] = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
    name: "cultivar",
    products: [.executable(name: "cultivar", targets: ["cultivar"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    // In the order of the layers: each imports only what stands below it (`scripts/modules` checks it).
    targets: [
        .executableTarget(
            name: "cultivar",
            dependencies: [
                "Commands", "Intake", "Tensors", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Commands",
            dependencies: [
                "Archive", "Daemon", "Intake", "Learning", "Networks", "Outbox", "Pipeline", "Tensors",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Daemon",
            dependencies: [
                "Archive", "Intake", "Learning", "Pipeline", "Tensors",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Pipeline",
            dependencies: [
                "Archive", "Intake", "Learning", "Networks", "ONNX", "Outbox", "Pictures", "Tensors",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Outbox",
            dependencies: [
                "Archive", "Learning", "Networks", "ONNX", "Tensors",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Intake",
            dependencies: [
                "Archive", "CInotifyTools", "CSandbox", "Pictures", "Tensors",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Networks",
            dependencies: ["CKernels", "ONNX", "Tensors", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: numericSettings
        ),
        .target(name: "Learning", dependencies: ["CKernels", "Tensors"], swiftSettings: numericSettings),
        .target(
            name: "Pictures",
            dependencies: ["CImageCodecs", "Tensors", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: numericSettings
        ),
        .target(
            name: "Archive",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "ONNX",
            dependencies: [
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: ["onnx.proto"],
            swiftSettings: settings
        ),
        .target(name: "Tensors", dependencies: ["COpenBLAS"], swiftSettings: numericSettings),
        .target(name: "CKernels"),
        .target(name: "CSandbox"),
        .target(name: "CImageCodecs", linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png")]),
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CInotifyTools", providers: [.apt(["libinotifytools0-dev"])]),
        // Cultivar's side of `make bench`; not part of what is installed.
        .executableTarget(
            name: "cultivar-bench",
            dependencies: [
                "Learning", "Networks", "Pictures", "Tensors", .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Benchmarks/Driver",
            swiftSettings: settings
        ),
        .target(
            name: "TestSupport",
            dependencies: ["Archive", "Pictures", "Tensors", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings
        ),
    ]
)

/// Tests that compare with values which others' software has made; they find the files by path, not in a bundle.
let testsWithResources = ["Pictures", "Networks", "Learning", "Outbox"]

for name in [
    "Tensors", "Pictures", "Networks", "Learning", "ONNX", "Archive", "Intake", "Outbox", "Pipeline",
    "Daemon", "Commands",
] {
    package.targets.append(
        .testTarget(
            name: "\(name)Tests",
            // Decoder processes are the program itself.
            dependencies: [.byName(name: name), "TestSupport"] + (name == "Intake" ? ["cultivar"] : []),
            exclude: testsWithResources.contains(name) ? ["Resources"] : [], swiftSettings: settings))
}
package.targets.append(
    .testTarget(
        name: "EndToEndTests", dependencies: ["cultivar", "ONNX", "Outbox", "Pictures", "Tensors", "TestSupport"],
        swiftSettings: settings))

// Only for `make fuzz`, which builds into a folder of its own: a product with sanitizers in it is none.
if Context.environment["CULTIVAR_FUZZING"] != nil {
    // Those that read strangers' bytes. CKernels' loops for three instruction sets would take the compiler minutes.
    let watched = ["CImageCodecs", "Intake", "Networks", "ONNX", "Pictures", "Pipeline"]
    for target in package.targets where watched.contains(target.name) {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-sanitize=fuzzer,address"])]
        target.cSettings = [
            .unsafeFlags(["-fsanitize=fuzzer-no-link,address,undefined", "-fsanitize-trap=undefined"])
        ]
    }
    package.targets += [
        .executableTarget(
            name: "cultivar-fuzz",
            dependencies: [
                "CLibFuzzer", "Intake", "Networks", "ONNX", "Pictures", "Pipeline", "Tensors",
            ],
            path: "Fuzzing/Driver",
            swiftSettings: settings + [.unsafeFlags(["-sanitize=fuzzer,address"])],
            // ld.gold can't read the sanitizers' debug information.
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
        ),
        .systemLibrary(name: "CLibFuzzer", path: "Fuzzing/CLibFuzzer"),
    ]
}
