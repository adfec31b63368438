// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.ConfigurationException;
import io.vhost4j.VhostDevice;
import io.vhost4j.core.ring.ChainDevice;
import io.vhost4j.crypto.CallList;
import io.vhost4j.crypto.CryptoCounters;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoOptions;
import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.VhostCrypto;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The crypto device of one connection. */
final class CryptoBackend implements VhostCrypto {
    private static final int BURST = 32;

    private final VhostDevice device;
    private final ChainDevice chains;
    private final CryptoDevice crypto;
    private final CryptoOptions options;
    private final Tally tally = new Tally();
    private final SessionTable sessions;
    private final RequestParser parser;
    private final ControlQueue control;
    private final Lane[] lanes;
    private final byte[] config;
    private final Runnable onClose;
    private volatile boolean closed;

    /** A queue and what {@link #poll} needs for it. */
    private static final class Lane {
        private final DataQueue queue;
        private final int queuePair = QueuePairs.take();
        private final CryptoRequest[] burst = new CryptoRequest[BURST];
        private final CryptoRequest[] completed = new CryptoRequest[BURST];
        /** Requests that the crypto device has not taken yet. */
        private int waiting;

        private int waitingFrom;

        private Lane(DataQueue queue) {
            this.queue = queue;
        }
    }

    CryptoBackend(VhostDevice device, CryptoDevice crypto, CryptoOptions options, Runnable onClose) {
        if (!(device instanceof ChainDevice served) || !served.servesChains()) {
            throw new ConfigurationException(
                    device + ": its driver was not started by VhostCrypto.driverStart, or is not of this library");
        }
        this.device = device;
        this.chains = served;
        this.crypto = crypto;
        this.options = options;
        this.onClose = onClose;
        sessions = new SessionTable(crypto, options.maxSessions(), tally);
        parser = new RequestParser(sessions);
        control = new ControlQueue(sessions, tally);
        lanes = new Lane[options.dataQueues()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(new DataQueue(i, options.queueDepth(), options.maxRequestBytes(), parser, tally));
        }
        config = ConfigBytes.of(crypto.capabilities(), options);
        device.externCallbackRegister(new SessionMessages(sessions));
    }

    @Override
    public VhostDevice device() {
        return device;
    }

    @Override
    public int fetchRequests(int queueId, CryptoRequest[] requests, int from, int count) {
        Objects.checkFromIndexSize(from, count, requests.length);
        Lane lane = laneOrNull(queueId);
        if (lane == null) {
            serveControl(queueId);
            return 0;
        }
        return fetch(queueId, lane, requests, from, count);
    }

    private int fetch(int queueId, Lane lane, CryptoRequest[] requests, int from, int count) {
        if (closed) {
            return 0;
        }
        parser.setFeatures(device.getNegotiatedFeatures());
        return chains.serve(queueId, lane.queue.fetch(requests, from, count), true);
    }

    private int serveControl(int queueId) {
        if (closed || !options.controlQueue() || queueId != options.dataQueues()) {
            return 0;
        }
        control.setRevised((device.getNegotiatedFeatures() >>> CryptoLayout.F_REVISION_1 & 1) != 0);
        return chains.serve(queueId, control, true);
    }

    @Override
    public void finalizeRequests(CryptoRequest[] requests, int from, int count) {
        finish(requests, from, count, null);
    }

    @Override
    public void finalizeRequests(CryptoRequest[] requests, int from, int count, CallList calls) {
        finish(requests, from, count, calls);
    }

    private void finish(CryptoRequest[] requests, int from, int count, @Nullable CallList calls) {
        Objects.checkFromIndexSize(from, count, requests.length);
        for (int i = from; i < from + count; i++) {
            if (!(requests[i] instanceof GuestRequest request) || lanes[request.queue.index].queue != request.queue) {
                throw new IllegalArgumentException("requests[" + i + "] was not fetched from " + device);
            }
            request.queue.finished(request);
        }
        DataQueue last = null;
        for (int i = from; i < from + count; i++) {
            DataQueue queue = ((GuestRequest) requests[i]).queue;
            if (queue != last) {
                giveBack(queue, calls);
                last = queue;
            }
        }
    }

    private void giveBack(DataQueue queue, @Nullable CallList calls) {
        int queueId = queue.index;
        int done = chains.serve(queueId, queue.finish(), calls == null);
        if (calls != null && done > 0) {
            calls.add(device, queueId);
        }
    }

    @Override
    public int poll(int queueId) {
        Lane lane = laneOrNull(queueId);
        if (lane == null) {
            return serveControl(queueId);
        }
        synchronized (lane) {
            return closed ? 0 : poll(queueId, lane);
        }
    }

    /** Under the lane's lock, so that {@link #close} can wait for it; nobody else wants it. */
    private int poll(int queueId, Lane lane) {
        int moved = 0;
        if (lane.waiting == 0) {
            lane.waiting = fetch(queueId, lane, lane.burst, 0, BURST);
            lane.waitingFrom = 0;
            moved = lane.queue.progress();
        }
        if (lane.waiting > 0) {
            int taken = crypto.enqueueBurst(lane.queuePair, lane.burst, lane.waitingFrom, lane.waiting);
            lane.waitingFrom += taken;
            lane.waiting -= taken;
        }
        int completed = crypto.dequeueBurst(lane.queuePair, lane.completed, 0, BURST);
        finish(lane.completed, 0, completed, null);
        return moved + completed;
    }

    private @Nullable Lane laneOrNull(int queueId) {
        Objects.checkIndex(queueId, Integer.MAX_VALUE);
        return queueId < lanes.length ? lanes[queueId] : null;
    }

    @Override
    public boolean setZeroCopy(boolean wanted) {
        return false;
    }

    @Override
    public boolean getConfig(int offset, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = offset + i < config.length ? config[offset + i] : 0;
        }
        return true;
    }

    @Override
    public CryptoCounters counters() {
        return tally.snapshot(sessions.size());
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        sessions.closeAll();
        onClose.run();
        for (Lane lane : lanes) {
            synchronized (lane) {
                QueuePairs.giveBack(lane.queuePair);
            }
        }
    }
}
