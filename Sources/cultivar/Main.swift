import ArgumentParser
import Commands
import Tensors

@main
enum Main {
    static func main() async {
        GEMM.prepare()
        await CultivarCommand.main()
    }
}
