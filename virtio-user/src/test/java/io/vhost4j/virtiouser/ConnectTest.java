// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.DriverFlag;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.testkit.LeakCheck;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Connections that do not come about: each says which step failed and why, and leaves nothing behind. */
@ExtendWith({EventThreadAlive.class, LeakCheck.class})
class ConnectTest {
    private static final Duration SHORT = Duration.ofMillis(150);
    private static final int HEADER = 12;

    @TempDir
    Path directory;

    private static String failure(VirtioUserBuilder builder) {
        return String.valueOf(
                assertThrows(VhostException.class, builder::connect).getMessage());
    }

    private static void assertContains(String message, String... parts) {
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void shouldSayThatNobodyListens() {
        Path socket = directory.resolve("nobody");
        assertContains(
                failure(VirtioUser.builder(socket).connectTimeout(SHORT)),
                socket.toString(),
                "ENOENT",
                "start a back-end");
    }

    @Test
    void shouldSayThatNobodyConnects() {
        Path socket = directory.resolve("s");
        String message = failure(VirtioUser.builder(socket).server(true).connectTimeout(SHORT));
        assertContains(message, socket.toString(), "no back-end connected within 150 ms");
        assertTrue(Files.notExists(socket));
    }

    @Test
    void shouldNotTakeSocketOfAnotherProgram() {
        Path socket = directory.resolve("s");
        try (UnixSocket other = UnixSocket.open()) {
            other.bind(socket.toString());
            other.listen(1);
            assertContains(
                    failure(VirtioUser.builder(socket).server(true)), socket.toString(), "another program uses it");
        }
    }

    @Test
    void shouldNotReplaceFileThatIsNoSocket() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "precious");
        assertContains(failure(VirtioUser.builder(file).server(true)), file.toString());
        assertEquals("precious", Files.readString(file));
    }

    @Test
    void shouldReplaceSocketFileOfProgramThatEnded() throws Exception {
        Path socket = directory.resolve("s");
        try (UnixSocket other = UnixSocket.open()) {
            other.bind(socket.toString());
        }
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true, DriverFlag.CLIENT).start();
                VirtioUser user = VirtioUser.builder(socket).server(true).connect()) {
            backEnd.awaitDevice();
            assertTrue(user.connected());
        }
        assertTrue(Files.notExists(socket));
    }

    @Test
    void shouldNameFeaturesThatTheBackEndLacks() {
        Path socket = directory.resolve("s");
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 1, true)) {
            backEnd.driver.disableFeatures(VirtioFeature.RING_PACKED.mask());
            backEnd.start();
            assertContains(failure(VirtioUser.builder(socket).packed(true)), socket.toString(), "RING_PACKED");
        }
    }

    @Test
    void shouldSayHowManyQueuePairsThereAre() {
        Path socket = directory.resolve("s");
        try (EchoBackEnd backEnd = new EchoBackEnd(socket, 2, true).start()) {
            assertEquals(2, backEnd.driver.getQueueNum());
            assertContains(failure(VirtioUser.builder(socket).queuePairs(3)), "2 queue pairs", "wanted are 3");
        }
    }

    /** Answers of a back-end to GET_FEATURES, and what must be said about them. */
    static Stream<Arguments> badAnswers() {
        return Stream.of(
                Arguments.of("closes", new byte[0], "closed the connection"),
                Arguments.of("other request", message(2, 5, 8), "bad answer"),
                Arguments.of("no reply flag", message(1, 1, 8), "bad answer"),
                Arguments.of("wrong version", message(1, 6, 8), "bad answer"),
                Arguments.of("too short", message(1, 5, 4), "bad answer"),
                Arguments.of("too long", message(1, 5, 0x7FFFFFFF), "bad answer"),
                Arguments.of("size negative", message(1, 5, -1), "bad answer"),
                Arguments.of("half", new byte[] {1, 0, 0, 0, 5}, "closed the connection"),
                Arguments.of("no features", message(1, 5, 8), "VERSION_1"));
    }

    private static byte[] message(int request, int flags, int size) {
        MemorySegment message = MemorySegment.ofArray(new byte[HEADER + 8]);
        message.set(ValueLayout.JAVA_INT_UNALIGNED, 0, request);
        message.set(ValueLayout.JAVA_INT_UNALIGNED, 4, flags);
        message.set(ValueLayout.JAVA_INT_UNALIGNED, 8, size);
        return message.toArray(ValueLayout.JAVA_BYTE);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badAnswers")
    void shouldRefuseBadAnswers(String name, byte[] answer, String expected) throws InterruptedException {
        Path socket = directory.resolve("s");
        // SET_OWNER and GET_FEATURES are 12 bytes each
        withBackEnd(
                socket,
                peer -> {
                    receive(peer, 2 * HEADER);
                    send(peer, answer);
                },
                builder -> assertContains(failure(builder), socket.toString(), expected));
    }

    @Test
    void shouldNotWaitForeverForAnAnswer() throws InterruptedException {
        Path socket = directory.resolve("s");
        withBackEnd(
                socket,
                peer -> receive(peer, 2 * HEADER + 1),
                builder -> assertContains(
                        failure(builder.connectTimeout(SHORT)),
                        socket.toString(),
                        "GET_FEATURES",
                        "no answer within 150 ms"));
    }

    /** A back-end that accepts one connection, does something with it, and closes it. */
    private static void withBackEnd(Path socket, Consumer<UnixSocket> backEnd, Consumer<VirtioUserBuilder> frontEnd)
            throws InterruptedException {
        try (UnixSocket listener = UnixSocket.open()) {
            listener.bind(socket.toString());
            listener.listen(1);
            Thread thread = Thread.ofPlatform().start(() -> {
                Poll.await(listener.fd(), Poll.IN, 20_000);
                try (UnixSocket peer = listener.accept().orElseThrow()) {
                    backEnd.accept(peer);
                }
            });
            frontEnd.accept(VirtioUser.builder(socket));
            thread.join();
        }
    }

    /** Receives this many bytes, or fewer if the peer closes. */
    private static void receive(UnixSocket peer, int bytes) {
        try (Arena arena = Arena.ofConfined();
                FdBag bag = new FdBag()) {
            MemorySegment into = arena.allocate(bytes);
            long done = 0;
            while (done < bytes) {
                Poll.await(peer.fd(), Poll.IN, 20_000);
                long got = peer.receive(into, 0, bytes - done, bag);
                if (got == 0) {
                    return;
                }
                done += Math.max(0, got);
            }
        }
    }

    private static void send(UnixSocket peer, byte[] bytes) {
        if (bytes.length > 0) {
            try (Arena arena = Arena.ofConfined()) {
                assertEquals(
                        bytes.length, peer.send(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), 0, bytes.length));
            }
        }
    }

    /** Settings that cannot work. */
    static Stream<UnaryOperator<VirtioUserBuilder>> badSettings() {
        return Stream.of(
                builder -> builder.queueSize(0),
                builder -> builder.queueSize(32769),
                builder -> builder.queuePairs(0),
                builder -> builder.queuePairs(129),
                builder -> builder.mtu(67),
                builder -> builder.mac("02:00"),
                builder -> builder.mac("nonsense"),
                builder -> builder.mac("01:00:00:00:00:00"),
                builder -> builder.bufferSize(63),
                builder -> builder.connectTimeout(Duration.ZERO));
    }

    @ParameterizedTest
    @MethodSource("badSettings")
    void shouldRefuseBadSettings(UnaryOperator<VirtioUserBuilder> setting) {
        VirtioUserBuilder builder = VirtioUser.builder(directory.resolve("s"));
        assertThrows(ConfigurationException.class, () -> setting.apply(builder));
    }

    @Test
    void shouldRefuseSettingsThatDoNotFit() {
        VirtioUserBuilder odd = VirtioUser.builder(directory.resolve("s")).queueSize(100);
        assertContains(failure(odd), "queueSize=100", "power of two");
        VirtioUserBuilder few = VirtioUser.builder(directory.resolve("s")).bufferCount(511);
        assertContains(failure(few), "bufferCount=511", "at least 512");
    }
}
