// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.SessionParameters;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a device. An id is never used again: it is a place in the table and a number that counts on, so that the id of a closed session
 * finds nothing. Looking up takes no lock and makes no object.
 */
final class SessionTable {
    private static final int PLACE_BITS = 20;
    /** Most sessions of any table. */
    static final int MAX_SESSIONS = 1 << PLACE_BITS;

    private final CryptoDevice device;
    private final int limit;
    private final AtomicReferenceArray<@Nullable OpenSession> places;
    private final Tally tally;

    // guarded by this
    private final ArrayDeque<Integer> free = new ArrayDeque<>();
    private int used;
    private long serial;
    private boolean closed;

    SessionTable(CryptoDevice device, int limit, Tally tally) {
        this.device = device;
        this.limit = Math.min(limit, MAX_SESSIONS);
        this.tally = tally;
        places = new AtomicReferenceArray<>(this.limit);
    }

    /** The open session with this id, or null. */
    @Nullable
    OpenSession find(long id) {
        int place = (int) id & (MAX_SESSIONS - 1);
        if (place >= limit) {
            return null;
        }
        OpenSession found = places.get(place);
        return found != null && found.id == id ? found : null;
    }

    /**
     * Opens a session. Wipes the keys if it cannot.
     *
     * @return the id, positive
     * @throws CryptoException if it cannot, with what the guest is told
     */
    long open(SessionParameters parameters) {
        try {
            long id = openOrThrow(parameters);
            tally.sessionsCreated.increment();
            return id;
        } catch (CryptoException e) {
            tally.sessionsRefused.increment();
            parameters.wipe();
            throw e;
        }
    }

    private synchronized long openOrThrow(SessionParameters parameters) {
        if (closed) {
            throw new CryptoException(CryptoStatus.ERR, "the device is closed");
        }
        if (free.isEmpty() && used == limit) {
            throw new CryptoException(CryptoStatus.NOSPC, "sessions=" + limit + ": that is the limit");
        }
        Object made = device.createSession(parameters);
        Integer freed = free.poll();
        int place = freed == null ? used++ : freed;
        long id = ++serial << PLACE_BITS | place;
        places.set(place, new OpenSession(id, parameters, device, made));
        return id;
    }

    /** A session for one request, in no table; the caller closes it. Wipes the keys if it cannot be had. */
    OpenSession openForOne(SessionParameters parameters) {
        try {
            return new OpenSession(0, parameters, device, device.createSession(parameters));
        } catch (CryptoException e) {
            parameters.wipe();
            throw e;
        }
    }

    /** Closes the session with this id; false if there is none. */
    boolean close(long id) {
        OpenSession found = find(id);
        if (found == null) {
            return false;
        }
        synchronized (this) {
            int place = (int) id & (MAX_SESSIONS - 1);
            if (!places.compareAndSet(place, found, null)) {
                return false;
            }
            free.add(place);
        }
        found.close();
        return true;
    }

    /** How many are open. */
    synchronized int size() {
        return used - free.size();
    }

    /** Closes all; from now on none can be opened. */
    void closeAll() {
        synchronized (this) {
            closed = true;
        }
        for (int place = 0; place < limit; place++) {
            OpenSession found = places.get(place);
            if (found != null) {
                close(found.id);
            }
        }
    }
}
