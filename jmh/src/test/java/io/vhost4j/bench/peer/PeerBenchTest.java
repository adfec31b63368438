// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class PeerBenchTest {
    private static final int USAGE = 2;

    @Test
    void shouldMeasureSmallPacketsOverBothRingsUnlessTold() {
        List<Cell> cells = cells();

        assertEquals(6, cells.size());
        assertEquals(new Cell(RingKind.SPLIT, Traffic.RX, 64, true, true, false), cells.get(0));
    }

    @Test
    void shouldCombineLists() {
        List<Cell> cells = cells(
                "--rings",
                "packed",
                "--traffic",
                "rx,TX",
                "--sizes=64,1518",
                "--mrg",
                "true,false",
                "--in-order",
                "false");

        assertEquals(8, cells.size());
        assertEquals(new Cell(RingKind.PACKED, Traffic.TX, 1518, false, false, false), cells.get(7));
    }

    @Test
    void shouldLeaveOutWhatTheFrontEndCannotDo() {
        assertEquals(
                List.of(
                        new Cell(RingKind.SPLIT, Traffic.RX, 64, false, false, true),
                        new Cell(RingKind.PACKED, Traffic.RX, 64, false, true, true)),
                cells("--traffic", "rx", "--mrg", "false", "--in-order", "true,false", "--vectorized", "true"));
    }

    @Test
    void shouldHaveTheWholeMatrixAtHandAndParts() {
        assertEquals(72, cells("--matrix").size());
        assertEquals(
                List.of(
                        new Cell(RingKind.PACKED, Traffic.TX, 256, true, false, false),
                        new Cell(RingKind.PACKED, Traffic.TX, 256, false, false, false)),
                cells("--matrix", "--rings=packed", "--traffic=tx", "--sizes=256", "--in-order=false"));
    }

    @Test
    void shouldCombineShapes() {
        List<Cell> cells = cells("--rings=packed", "--queues=1,2", "--loads=10,90");

        assertEquals(4, cells.size());
        assertEquals(new Shape(2, 1, 0, 90), cells.get(3).shape());
        assertEquals(Traffic.MACSWAP, cells.get(3).traffic());
    }

    @Test
    void shouldMeasureLongerInProcessesOfTheirOwn() {
        assertEquals(Timing.of(3, 0.3, 1), bench().method().timing());
        assertEquals(Timing.of(3, 1, 5), bench("--fresh").method().timing());
        assertEquals(
                Timing.of(2, 0.5, 0.4),
                bench("--warm-up=2", "--settle=0.5", "--seconds=0.4").method().timing());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--back-ends nix                        | none of vhost4j, vhost4j-no-pause, vhost4j-no-prefetch,"
                        + " dpdk, dpdk-native",
                "--back-ends dpdk-native                | --native",
                "--back-ends dpdk,dpdk                  | only once",
                "--back-ends dpdk --svg chart.svg       | two --back-ends",
                "--markdown page.md                     | --svg",
                "--front-end-cpu 0                      | must differ",
                "--sizes 20                             | 60 to 65535",
                "--pairs 0                              | at least 1",
                "--vectorized true                      | --mrg false",
                "--devices 2                            | with --rate",
                "--loads 50 --traffic rx                | need --traffic macswap",
                "--loads 50 --rate 100                  | give one of them",
                "--queues 17                            | 1 to 16",
                "start --loads 10                       | no final rate",
                "start --step 5                         | 20 to 1000",
                "start --back-ends dpdk-native          | --native",
                "scale --devices 1,65                   | 1 to 64",
                "scale --size 4096                      | 60 to 2048",
                "scale --rate 0                         | at least 1",
                "scale --pairs 0                        | at least 1",
                "scale --seconds 0                      | at least 0.1",
                "--restarts 8                           | 1 to --pairs",
                "--restarts 2 --fresh                   | of their own",
                "--seconds 0                            | 0.1 to 3600",
                "--resume a.json --json b.json          | leave --json out",
            })
    void shouldSayWhatIsWrongWithOptions(String options, String hint) {
        StringWriter errors = new StringWriter();
        String[] arguments = options.trim().split(" +");

        int code = PeerBench.line(List.of(arguments))
                .setErr(new PrintWriter(errors))
                .execute(arguments);

        assertEquals(USAGE, code);
        assertTrue(errors.toString().contains(hint), errors.toString());
    }

    private static List<Cell> cells(String... arguments) {
        return bench(arguments).cells();
    }

    private static PeerBench bench(String... arguments) {
        CommandLine line = PeerBench.line(List.of(arguments));
        line.parseArgs(arguments);
        return line.getCommand();
    }
}
