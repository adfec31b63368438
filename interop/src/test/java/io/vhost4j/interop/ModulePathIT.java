// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application is compiled against the API's module alone, and runs when the implementation is on its module path. */
final class ModulePathIT {
    private static final String MODULE = "module app { requires io.vhost4j; }";

    private static final String MAIN = """
        package app;

        import io.vhost4j.VhostDevice;
        import io.vhost4j.VhostDeviceOps;
        import io.vhost4j.VhostDriver;
        import io.vhost4j.packet.PacketPool;
        import java.nio.file.Files;
        import java.nio.file.Path;

        public final class Main {
            public static void main(String[] arguments) throws Exception {
                Path socket = Path.of(arguments[0]);
                try (PacketPool pool = PacketPool.builder().count(64).build();
                        VhostDriver driver = VhostDriver.register(socket)) {
                    driver.callbackRegister(new VhostDeviceOps() {
                        @Override
                        public void newDevice(VhostDevice device) {}

                        @Override
                        public void destroyDevice(VhostDevice device) {}
                    });
                    driver.start();
                    System.out.println("listens=" + Files.exists(socket) + " buffers=" + pool.size());
                }
                System.out.println("left=" + Files.exists(socket));
            }
        }
        """;

    @TempDir
    private Path folder;

    private Path jars;
    private Path classes;

    @BeforeEach
    void compile() throws IOException {
        jars = Launcher.script().resolveSibling("target").resolve("dist");
        classes = folder.resolve("classes");
        Path sources = Files.createDirectories(folder.resolve("src/app"));
        Path main = Files.writeString(sources.resolve("Main.java"), MAIN);
        Path module = Files.writeString(sources.resolveSibling("module-info.java"), MODULE);
        run(
                "javac",
                "--release",
                "22",
                "-Xlint:all",
                "-Werror",
                "-p",
                api(),
                "-d",
                classes.toString(),
                module.toString(),
                main.toString());
    }

    @Test
    void shouldNeedTheApiOnly() {
        String needs = run("jdeps", "--module-path", api(), "-s", classes.toString());
        assertEquals(
                List.of("app -> io.vhost4j", "app -> java.base"),
                needs.lines()
                        .map(String::strip)
                        .filter(line -> line.startsWith("app ->"))
                        .sorted()
                        .toList());
    }

    @Test
    void shouldRunWithTheImplementationOnTheModulePath() {
        Path socket = folder.resolve("s");
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=io.vhost4j.core",
                "-p",
                classes + File.pathSeparator + jars("vhost-api", "vhost-core", "slf4j-api"),
                "-m",
                "app/app.Main",
                socket.toString());
        try (Program program = Program.startMerged("application", command, Map.of())) {
            assertEquals(
                    0, program.awaitExit(Program.END_LIMIT), () -> program.out().tail());
            program.out().toEnd(Program.END_LIMIT);
            List<String> lines = program.out().since(0);
            assertTrue(lines.contains("listens=true buffers=64"), lines::toString);
            assertTrue(lines.contains("left=false"), lines::toString);
        }
    }

    private String api() {
        return jars("vhost-api", "jspecify");
    }

    private String jars(String... names) {
        try (Stream<Path> files = Files.list(jars)) {
            return files.filter(
                            file -> Stream.of(names).anyMatch(file.getFileName().toString()::startsWith))
                    .map(Path::toString)
                    .collect(Collectors.joining(File.pathSeparator));
        } catch (IOException e) {
            throw new AssertionError(jars + ": run the build's package phase first", e);
        }
    }

    private static String run(String tool, String... arguments) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        int status = ToolProvider.findFirst(tool).orElseThrow().run(out, out, arguments);
        assertEquals(0, status, text::toString);
        return text.toString();
    }
}
