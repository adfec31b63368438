// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs on the PATH that make good peers. */
final class ProgramChecks {
    private static final long TIMEOUT_SECONDS = 5;
    private static final int ENOUGH = 4096;

    private ProgramChecks() {}

    static List<Finding> all() {
        List<Finding> findings = new ArrayList<>();
        List<Path> emulators = find("qemu-system-*");
        if (emulators.isEmpty()) {
            findings.add(Finding.none("QEMU", "no qemu-system-* on the PATH"));
        }
        for (Path emulator : emulators) {
            findings.add(Finding.ok(String.valueOf(emulator.getFileName()), version(emulator)));
        }
        List<Path> testpmd = find("dpdk-testpmd");
        findings.add(
                testpmd.isEmpty()
                        ? Finding.none("dpdk-testpmd", "not on the PATH; its virtio-user is a good front-end for tests")
                        : Finding.ok("dpdk-testpmd", testpmd.get(0).toString()));
        return findings;
    }

    private static List<Path> find(String glob) {
        String path = System.getenv("PATH");
        List<Path> programs = new ArrayList<>();
        for (String folder : (path == null ? "" : path).split(":")) {
            for (String name : Sysfs.names(Path.of(folder), glob)) {
                Path program = Path.of(folder, name);
                boolean seen = programs.stream().anyMatch(other -> other.endsWith(name));
                if (!seen && Files.isExecutable(program)) {
                    programs.add(program);
                }
            }
        }
        return programs;
    }

    /** The first line of what {@code --version} writes. */
    private static String version(Path program) {
        try {
            Process process = new ProcessBuilder(program.toString(), "--version")
                    .redirectErrorStream(true)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start();
            String text = new String(process.getInputStream().readNBytes(ENOUGH), StandardCharsets.UTF_8);
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            return text.lines().findFirst().orElse("says no version");
        } catch (IOException e) {
            return "does not start: " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }
}
