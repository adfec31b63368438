// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What a program sees in a JVM that denies native access; each case is a JVM of its own. */
final class NativeAccessTest {
    /** The program: its module is the one under test, its output is what it saw. */
    static final class Program {
        private Program() {}

        /** Makes the same call twice: the message must not get lost after the first failure. */
        public static void main(String[] args) {
            for (int attempt = 0; attempt < 2; attempt++) {
                try {
                    System.out.println(LinuxProcess.pid() > 0);
                } catch (NativeAccessException e) {
                    System.out.println(e.getMessage().replaceAll(" \\(.*", ""));
                }
            }
        }
    }

    private static String run(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var output = process.inputReader()) {
            String text = String.join("|", output.lines().toList());
            process.waitFor(1, TimeUnit.MINUTES);
            assertEquals(0, process.exitValue());
            return text;
        } finally {
            process.destroyForcibly();
        }
    }

    private static String location(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath())
                .toString();
    }

    private static String classes() {
        return Path.of("target", "classes").toAbsolutePath().toString();
    }

    private static String testClasses() {
        return Path.of("target", "test-classes").toAbsolutePath().toString();
    }

    @Test
    void shouldNameTheFlagOnTheClassPath() throws Exception {
        Assumptions.assumeTrue(Runtime.version().feature() >= 24, "native access can be denied from JDK 24 on");
        String line = "native access is denied to vhost4j: start java with --enable-native-access=ALL-UNNAMED";
        String path = classes() + ":" + testClasses();
        String program = Program.class.getName();
        assertEquals(line + "|" + line, run("--illegal-native-access=deny", "-cp", path, program));
        assertEquals("true|true", run("--enable-native-access=ALL-UNNAMED", "-cp", path, program));
    }

    @Test
    void shouldNameTheFlagOnTheModulePath() throws Exception {
        Assumptions.assumeTrue(Runtime.version().feature() >= 24, "native access can be denied from JDK 24 on");
        String line = "native access is denied to vhost4j: start java with --enable-native-access=io.vhost4j.core";
        String modules =
                classes() + ":" + location(io.vhost4j.VhostException.class) + ":" + location(org.slf4j.Logger.class);
        String patch = "--patch-module=io.vhost4j.core=" + testClasses();
        String program = "io.vhost4j.core/" + Program.class.getName();
        assertEquals(line + "|" + line, run("--illegal-native-access=deny", "-p", modules, patch, "-m", program));
        assertEquals("true|true", run("--enable-native-access=io.vhost4j.core", "-p", modules, patch, "-m", program));
    }

    @Test
    void shouldSayThatThePlatformIsNotSupported() throws Exception {
        String line = "vhost4j needs Linux on x86-64 or aarch64, this is Linux on riscv64";
        String path = classes() + ":" + testClasses();
        assertEquals(line + "|" + line, run("-Dos.arch=riscv64", "-cp", path, Program.class.getName()));
    }
}
