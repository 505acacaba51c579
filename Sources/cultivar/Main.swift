import ArgumentParser
import Commands
import Intake
import Tensors

@main
enum Main {
    static func main() async {
        if DecoderChild.isWanted { DecoderChild.run() }
        GEMM.prepare()
        await CultivarCommand.runAndExit()
    }
}
