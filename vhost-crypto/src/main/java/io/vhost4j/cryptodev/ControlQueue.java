// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.core.ring.ChainBatch;
import io.vhost4j.core.ring.ChainWork;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoStatus;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The control queue: opens and closes sessions (virtio 1.2 §5.9.7.2). Inside the ring's gate. */
final class ControlQueue implements ChainWork {
    private static final Logger LOG = LoggerFactory.getLogger(ControlQueue.class);

    /** More than any request with its keys. */
    private static final int MAX_BYTES = 16384;

    private static final int BATCH = 8;

    private final SessionTable sessions;
    private final Tally tally;
    private final byte[] input = new byte[MAX_BYTES];
    private final byte[] answer = new byte[CryptoLayout.CREATED_BYTES];
    private volatile boolean revised;

    ControlQueue(SessionTable sessions, Tally tally) {
        this.sessions = sessions;
        this.tally = tally;
    }

    /** Says whether revision 1 was negotiated. */
    void setRevised(boolean value) {
        revised = value;
    }

    @Override
    public int run(Ring ring) {
        int chains = ring.gather(BATCH);
        ChainBatch batch = ring.batch();
        for (int chain = 0; chain < chains; chain++) {
            batch.writtenBytes[chain] = handle(batch, chain);
        }
        if (chains > 0) {
            ring.publish(chains);
        }
        return chains;
    }

    private int handle(ChainBatch batch, int chain) {
        long total = batch.totalBytes(chain);
        boolean usable = total >= 0 && total <= Integer.MAX_VALUE;
        int readable = usable ? ChainCopy.readableBytes(batch, chain) : 0;
        int writable = usable ? ChainCopy.writableBytes(batch, chain) : 0;
        int bytes;
        if (readable < CryptoLayout.CTRL_HEADER_BYTES || readable > MAX_BYTES) {
            bytes = status(writable, CryptoStatus.ERR);
        } else {
            try {
                ChainCopy.read(batch, chain, input);
                bytes = handle(new ControlRequest(input, readable, revised), writable);
            } finally {
                Arrays.fill(input, 0, readable, (byte) 0);
            }
        }
        if (bytes == 0) {
            tally.dropped.increment();
        }
        ChainCopy.write(batch, chain, 0, answer, 0, bytes);
        return bytes;
    }

    /** Puts the answer into {@link #answer}; returns its length, 0 if there is no room for one. */
    private int handle(ControlRequest request, int writable) {
        try {
            if (request.creates()) {
                return writable < CryptoLayout.CREATED_BYTES
                        ? 0
                        : created(sessions.open(request.parameters()), CryptoStatus.OK);
            }
            if (request.destroys()) {
                return status(writable, sessions.close(request.sessionId()) ? CryptoStatus.OK : CryptoStatus.ERR);
            }
            return status(writable, CryptoStatus.NOTSUPP);
        } catch (CryptoException e) {
            LOG.debug("control queue: {}", e.getMessage());
            return status(writable, e.status());
        }
    }

    private int status(int writable, CryptoStatus status) {
        if (writable >= CryptoLayout.CREATED_BYTES) {
            return created(0, status);
        }
        answer[0] = (byte) status.code();
        return Math.min(writable, 1);
    }

    private int created(long id, CryptoStatus status) {
        Bytes.setLong(answer, 0, id);
        Bytes.setLong(answer, CryptoLayout.CREATED_STATUS, status.code());
        return CryptoLayout.CREATED_BYTES;
    }
}
