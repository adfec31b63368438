// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import io.vhost4j.interop.Json;
import io.vhost4j.interop.Launcher;
import io.vhost4j.interop.Program;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The launcher's {@code forward}. */
final class ForwardTarget implements Target {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Pattern COMPLAINT =
            Pattern.compile(".*(refused|refusing|ended: (?!the front-end disconnected)|stopped|cannot start|ERROR).*");

    /** Counters that good front-ends change too. */
    private static final Pattern EXPECTED = Pattern.compile(".*(accepted|by_peer|ByPeer).*");

    private final Launcher launcher;
    private final Path victim;
    private final Path bystander;
    private Map<String, Object> statistics = Map.of();

    private ForwardTarget(Launcher launcher, Path victim, Path bystander) {
        this.launcher = launcher;
        this.victim = victim;
        this.bystander = bystander;
    }

    static ForwardTarget start(Path folder) {
        Path victim = folder.resolve("victim.sock");
        Path bystander = folder.resolve("bystander.sock");
        Launcher launcher = Launcher.start(List.of(
                "forward",
                "--mode",
                "icmpecho",
                "--queues",
                "2",
                "--iommu",
                "--postcopy",
                "--stats",
                "0.05",
                "--socket",
                victim.toString(),
                "--socket",
                bystander.toString()));
        try {
            launcher.await("listening", event -> true, LIMIT);
        } catch (AssertionError e) {
            launcher.close();
            throw e;
        }
        return new ForwardTarget(launcher, victim, bystander);
    }

    @Override
    public String name() {
        return "vhost4j";
    }

    @Override
    public Path victim() {
        return victim;
    }

    @Override
    public Path bystander() {
        return bystander;
    }

    @Override
    public Program program() {
        return launcher.program();
    }

    /** From statistics that begin after this call: the one on its way may be older. */
    private Map<String, Object> freshStatistics() {
        int mark = program().out().mark();
        int line = program().out().await(mark, ForwardTarget::isStatistics, "statistics", LIMIT);
        line = program().out().await(line + 1, ForwardTarget::isStatistics, "statistics", LIMIT);
        return Json.object(program().out().line(line));
    }

    private static boolean isStatistics(String line) {
        return line.contains("\"event\":\"stats\"") || line.contains("\"event\": \"stats\"");
    }

    @Override
    public long buffersInUse() {
        statistics = freshStatistics();
        return Json.number(statistics, "buffers_in_use");
    }

    @Override
    public int logMark() {
        return program().err().mark();
    }

    @Override
    public List<String> complaints(int mark) {
        return program().err().since(mark).stream()
                .filter(line -> COMPLAINT.matcher(line).matches())
                .toList();
    }

    @Override
    public long counters() {
        if (!statistics.containsKey("counters")) {
            return -1;
        }
        return Json.asMap(statistics.get("counters")).entrySet().stream()
                .filter(counter -> !EXPECTED.matcher(counter.getKey()).matches())
                .mapToLong(counter -> counter.getValue() instanceof Long number ? number : 0)
                .sum();
    }

    @Override
    public void finish() {
        Map<String, Object> summary = launcher.finish();
        long left = Json.number(summary, "buffers_in_use");
        if (left != 0) {
            throw new AssertionError(left + " packet buffers still in use at the end: " + summary);
        }
    }

    @Override
    public void close() {
        launcher.close();
    }
}
