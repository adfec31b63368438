// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.demo;

import static io.vhost4j.examples.cli.UsageException.checkRange;

import io.vhost4j.examples.cli.CommandBase;
import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Session;
import io.vhost4j.examples.cli.Units;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The main job with nothing else installed. */
@Command(
        name = "demo",
        description =
                "A back-end and a front-end in one process exchange packets over a vhost-user socket, first on split"
                        + " rings, then on packed rings. Every payload is checked.")
public final class DemoCommand extends CommandBase {
    private static final long DEFAULT_PACKETS = 10_000_000;

    @Option(
            names = "--packets",
            paramLabel = "N",
            description = "Packets each way on each kind of ring; default 10000000.")
    private long packets = DEFAULT_PACKETS;

    /** Runs within {@code session}. */
    public DemoCommand(Session session) {
        super(session);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        checkRange("--packets", packets, 1, 1L << 40);
        Path folder = Files.createTempDirectory("vhost4j-demo");
        Path socket = folder.resolve("vhost.sock");
        try {
            if (!json()) {
                output().line("back-end and front-end in this process, socket " + socket + ", " + Units.count(packets)
                        + " packets each way on each kind of ring, every payload checked");
            }
            return run(socket);
        } finally {
            Files.deleteIfExists(socket);
            Files.deleteIfExists(folder);
        }
    }

    private int run(Path socket) throws InterruptedException {
        DemoReport report = new DemoReport(output(), json(), packets);
        List<DemoResult> results = new ArrayList<>();
        for (boolean packed : new boolean[] {false, true}) {
            if (!stop().isRequested()) {
                results.add(new DemoRun(socket, packed, packets, stop()).run(report));
            }
        }
        report.summary();
        boolean interrupted = stop().isRequested();
        boolean good = !interrupted && results.stream().allMatch(DemoResult::isGood);
        String verdict = good ? "OK" : interrupted ? "INTERRUPTED" : "FAILED";
        if (json()) {
            output().json(Json.event("summary").put("verdict", verdict).put("ok", good));
        } else {
            output().line(verdict);
        }
        results.stream().filter(result -> !result.isGood() && !interrupted).forEach(this::explain);
        return good ? OK : FAILED;
    }

    private void explain(DemoResult result) {
        String what = result.fault().isEmpty() ? "no packet moved for 20 s" : result.fault();
        complain(result.ring() + " rings: " + what);
    }
}
