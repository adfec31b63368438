// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/** What {@code interop/peers.sh} found or built on this machine. */
public final class Peers {
    /** Set to 1 where a missing peer must fail the build and not skip its tests. */
    static final String REQUIRE = "VHOST4J_REQUIRE_PEERS";

    private static final Properties FOUND = read();

    private Peers() {}

    private static Path folder() {
        String chosen = System.getenv("VHOST4J_PEERS");
        return chosen == null || chosen.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".cache", "vhost4j-peers")
                : Path.of(chosen);
    }

    private static Properties read() {
        Properties found = new Properties();
        Path list = folder().resolve("found.properties");
        if (Files.exists(list)) {
            try (Reader reader = Files.newBufferedReader(list)) {
                found.load(reader);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + list, e);
            }
        }
        return found;
    }

    /** Why the peer cannot be used, or nothing when it can. */
    public static Optional<String> whyMissing(Peer peer) {
        String program = FOUND.getProperty(peer.key() + ".program");
        if (program == null) {
            return Optional.of(peer + " is not in " + folder() + "/found.properties: run interop/peers.sh");
        }
        return Files.isExecutable(Path.of(program))
                ? Optional.empty()
                : Optional.of(peer + " was at " + program + ", which is gone: run interop/peers.sh");
    }

    /** The QEMU that takes the part of the distribution's: the system property {@code vhost4j.interop.qemu} may choose the newer one. */
    static Peer chosen(Peer peer) {
        return peer == Peer.QEMU && "qemu10".equals(System.getProperty("vhost4j.interop.qemu")) ? Peer.QEMU10 : peer;
    }

    /**
     * The executable of exactly this peer: callers that leave the choice of a QEMU to the system property ask
     * {@link #chosen} first.
     *
     * @throws IllegalStateException if the list does not have it, which {@link #whyMissing} tells beforehand
     */
    public static String program(Peer peer) {
        return get(peer.key() + ".program");
    }

    /**
     * Name and version as one text, for logs and tables; for {@link Peer#QEMU} those of the {@link #chosen} one.
     *
     * @throws IllegalStateException if the list does not have it
     */
    public static String version(Peer peer) {
        return get(chosen(peer).key() + ".version");
    }

    /** An entry of the list, which must exist. */
    static String get(String key) {
        String value = FOUND.getProperty(key);
        if (value == null) {
            throw new IllegalStateException(
                    "no " + key + " in " + folder() + "/found.properties: run interop/peers.sh");
        }
        return value;
    }

    /** An entry of the list, if it exists. */
    static Optional<String> find(String key) {
        return Optional.ofNullable(FOUND.getProperty(key));
    }

    /** Whether testpmd can have that much memory in free huge pages. */
    public static boolean hugePages(int megabytes) {
        return memoryInfo("HugePages_Free:") * memoryInfo("Hugepagesize:") >= megabytes * 1024L;
    }

    private static long memoryInfo(String key) {
        try {
            return Files.readAllLines(Path.of("/proc/meminfo")).stream()
                    .filter(line -> line.startsWith(key))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
