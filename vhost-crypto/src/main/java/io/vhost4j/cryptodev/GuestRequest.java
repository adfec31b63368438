// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.crypto.CryptoOperation;
import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request and room for its result, used over and over by one queue. */
final class GuestRequest implements CryptoRequest {
    /** Arrays up to this length are kept for the next request. */
    private static final int KEPT_BYTES = 1 << 17;

    private static final int FIRST_BYTES = 2048;

    final DataQueue queue;

    byte[] input = new byte[FIRST_BYTES];
    byte[] output = new byte[FIRST_BYTES];

    /** Bytes of {@link #input} that are the request. */
    int readable;
    /** Bytes that the chain had room for when it was fetched; 0 if it cannot be answered. */
    int writable;

    CryptoOperation operation = CryptoOperation.ENCRYPT;

    @Nullable
    OpenSession session;
    /** Whether the session is the request's own. */
    boolean stateless;

    int ivAt;
    int ivBytes;
    int sourceAt;
    int sourceBytes;
    int aadAt;
    int aadBytes;
    int expectedAt;
    int expectedBytes;
    int cipherFrom;
    int cipherBytes;
    int digestFrom;
    int digestBytes;
    int destinationBytes;
    int resultBytes;
    int tagBytes;

    @Nullable
    CryptoStatus status;

    int written;
    /** Whether the application has given it back. */
    boolean finished;
    /** Whether its ring is the one that it was fetched from. */
    boolean current;

    GuestRequest(DataQueue queue) {
        this.queue = queue;
    }

    /** Room for a request's bytes. */
    void startInput(int readableBytes, int writableBytes) {
        if (input.length < readableBytes) {
            input = new byte[readableBytes];
        }
        readable = readableBytes;
        writable = writableBytes;
        session = null;
        stateless = false;
        ivBytes = 0;
        sourceBytes = 0;
        aadBytes = 0;
        expectedBytes = 0;
        cipherFrom = 0;
        cipherBytes = 0;
        digestFrom = 0;
        digestBytes = 0;
        destinationBytes = 0;
        resultBytes = 0;
        tagBytes = 0;
        status = null;
        written = 0;
        finished = false;
        current = true;
    }

    /** Room for the result, as long as the request says. */
    void startOutput() {
        int bytes = destinationBytes + resultBytes;
        if (output.length < bytes) {
            output = new byte[bytes];
        }
    }

    /** Memory that it holds beyond what it began with. */
    long heldBytes() {
        return (long) input.length + output.length - 2 * FIRST_BYTES;
    }

    /** Ends it without the application. */
    void answer(CryptoStatus with) {
        status = with;
        finished = true;
    }

    /** After it was given back, or forgotten: closes what it owns and wipes what it carried. */
    void release() {
        OpenSession own = session;
        if (stateless && own != null) {
            own.close();
        }
        session = null;
        if (input.length > KEPT_BYTES) {
            input = new byte[FIRST_BYTES];
        } else if (stateless) {
            Arrays.fill(input, 0, readable, (byte) 0);
        }
        if (output.length > KEPT_BYTES) {
            output = new byte[FIRST_BYTES];
        }
    }

    @Override
    public CryptoOperation operation() {
        return operation;
    }

    @Override
    public Object session() {
        return Objects.requireNonNull(session).made;
    }

    @Override
    public byte[] input() {
        return input;
    }

    @Override
    public int ivAt() {
        return ivAt;
    }

    @Override
    public int ivBytes() {
        return ivBytes;
    }

    @Override
    public int sourceAt() {
        return sourceAt;
    }

    @Override
    public int sourceBytes() {
        return sourceBytes;
    }

    @Override
    public int aadAt() {
        return aadAt;
    }

    @Override
    public int aadBytes() {
        return aadBytes;
    }

    @Override
    public int expectedAt() {
        return expectedAt;
    }

    @Override
    public int expectedBytes() {
        return expectedBytes;
    }

    @Override
    public int cipherFrom() {
        return cipherFrom;
    }

    @Override
    public int cipherBytes() {
        return cipherBytes;
    }

    @Override
    public int digestFrom() {
        return digestFrom;
    }

    @Override
    public int digestBytes() {
        return digestBytes;
    }

    @Override
    public byte[] output() {
        return output;
    }

    @Override
    public int destinationBytes() {
        return destinationBytes;
    }

    @Override
    public int resultBytes() {
        return resultBytes;
    }

    @Override
    public int tagBytes() {
        return tagBytes;
    }

    @Override
    public void complete(CryptoStatus with, int writtenBytes) {
        Objects.checkFromIndexSize(0, writtenBytes, destinationBytes);
        written = writtenBytes;
        status = with;
    }
}
