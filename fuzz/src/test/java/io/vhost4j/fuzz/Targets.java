// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.fuzz;

import io.vhost4j.core.memory.IotlbTarget;
import io.vhost4j.core.net.HeaderTarget;
import io.vhost4j.core.net.RingTarget;
import io.vhost4j.core.protocol.CodecTarget;
import io.vhost4j.core.ring.InflightTarget;
import io.vhost4j.core.session.SessionTarget;
import io.vhost4j.cryptodev.CryptoTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What is fuzzed, and the inputs that are kept: small ones that reach much, and every one that once failed. */
enum Targets {
    /** Reader and decoder. */
    CODEC(CodecTarget.class, CodecTarget::fuzzerTestOneInput),
    /** A connection. */
    SESSION(SessionTarget.class, SessionTarget::fuzzerTestOneInput),
    /** A ring and its guest. */
    RING(RingTarget.class, RingTarget::fuzzerTestOneInput),
    /** A ring that goes on from an in-flight buffer. */
    INFLIGHT(InflightTarget.class, InflightTarget::fuzzerTestOneInput),
    /** Translations and the dirty log. */
    IOTLB(IotlbTarget.class, IotlbTarget::fuzzerTestOneInput),
    /** Net headers. */
    HEADER(HeaderTarget.class, HeaderTarget::fuzzerTestOneInput),
    /** A crypto device. */
    CRYPTO(CryptoTarget.class, CryptoTarget::fuzzerTestOneInput);

    private static final Path CORPUS = Path.of("src/test/resources/corpus").toAbsolutePath();

    private final Class<?> type;
    private final Consumer<byte[]> input;

    Targets(Class<?> type, Consumer<byte[]> input) {
        this.type = type;
        this.input = input;
    }

    Class<?> type() {
        return type;
    }

    void run(byte[] bytes) {
        input.accept(bytes);
    }

    /** Where its inputs are kept. */
    Path folder() {
        return CORPUS.resolve(type.getSimpleName());
    }

    List<Path> corpus() {
        try (Stream<Path> files = Files.list(folder())) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("corpus of " + this, e);
        }
    }
}
