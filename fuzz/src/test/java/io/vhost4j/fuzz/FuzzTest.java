// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Fuzzes each target by Jazzer in a JVM of its own, from its corpus on, for {@code -Dvhost4j.fuzz.seconds=N}; only some targets with
 * {@code -Dvhost4j.fuzz.targets=RING,SESSION}. What it finds is in {@code target/fuzz}.
 */
@EnabledIfSystemProperty(named = "vhost4j.fuzz.seconds", matches = "[0-9]+")
final class FuzzTest {
    private static final int LAST_LINES = 40;

    @ParameterizedTest
    @EnumSource
    @Timeout(value = 7, unit = TimeUnit.DAYS)
    void shouldFindNothing(Targets target) throws IOException, InterruptedException {
        String wanted = System.getProperty("vhost4j.fuzz.targets", "");
        Assumptions.assumeTrue(wanted.isEmpty() || List.of(wanted.split(",")).contains(target.name()), "not asked for");
        Path folder = Path.of("target/fuzz", target.type().getSimpleName()).toAbsolutePath();
        Path found = Files.createDirectories(folder.resolve("corpus"));
        Path log = folder.resolve("log");
        Process jazzer = new ProcessBuilder(command(target, folder, found))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        int status;
        try {
            status = jazzer.waitFor();
        } finally {
            jazzer.destroyForcibly();
        }
        assertEquals(
                0,
                status,
                () -> "the failing input is in " + folder + ", named crash-, timeout- or oom-; " + lastLines(log));
    }

    private static List<String> command(Targets target, Path folder, Path found) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target.type().getName(),
                "--instrumentation_includes=io.vhost4j.**",
                "--instrumentation_excludes=io.vhost4j.fuzz.**:io.vhost4j.core.testkit.**",
                // no bug detectors for web applications
                "--custom_hook_includes=none.**",
                "--reproducer_path=" + folder,
                "-artifact_prefix=" + folder + "/",
                "-max_total_time=" + System.getProperty("vhost4j.fuzz.seconds"),
                "-max_len=1024",
                "-timeout=30",
                "-rss_limit_mb=4096",
                found.toString(),
                target.folder().toString());
    }

    private static String lastLines(Path log) {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
        } catch (IOException e) {
            return "no log: " + e;
        }
    }
}
