// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import io.vhost4j.ConfigurationException;

/**
 * What a virtio-crypto device offers and may cost.
 *
 * @param dataQueues most data queues, 1 to 255
 * @param controlQueue whether the ring behind the data queues is a control queue that is served here; front-ends such as QEMU serve it
 *     themselves and send sessions as messages
 * @param stateless whether requests may bring their keys along; offers the feature bits for all services
 * @param maxSessions most sessions at a time, at least 1
 * @param maxRequestBytes most bytes that a request may have to read, and to write; at least 4096
 * @param queueDepth most requests of a queue between fetch and finalize, 1 to 1024
 */
public record CryptoOptions(
        int dataQueues, boolean controlQueue, boolean stateless, int maxSessions, int maxRequestBytes, int queueDepth) {
    /** 8 data queues, no control queue, no stateless requests, 4096 sessions, 1 MiB, 64 requests. */
    public static final CryptoOptions DEFAULT = new CryptoOptions(8, false, false, 4096, 1 << 20, 64);

    private static final int MAX_QUEUES = 255;
    private static final int MIN_REQUEST_BYTES = 4096;
    private static final int MAX_REQUEST_BYTES = 1 << 28;
    private static final int MAX_DEPTH = 1024;

    /**
     * Checks the values.
     *
     * @throws ConfigurationException if one is out of range
     */
    public CryptoOptions {
        check("dataQueues", dataQueues, 1, MAX_QUEUES);
        check("maxSessions", maxSessions, 1, Integer.MAX_VALUE);
        check("maxRequestBytes", maxRequestBytes, MIN_REQUEST_BYTES, MAX_REQUEST_BYTES);
        check("queueDepth", queueDepth, 1, MAX_DEPTH);
    }

    private static void check(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ConfigurationException(name + "=" + value + ": must be " + least + " to " + most);
        }
    }

    /** With another number of data queues. */
    public CryptoOptions withDataQueues(int value) {
        return new CryptoOptions(value, controlQueue, stateless, maxSessions, maxRequestBytes, queueDepth);
    }

    /** With or without a control queue that is served here. */
    public CryptoOptions withControlQueue(boolean value) {
        return new CryptoOptions(dataQueues, value, stateless, maxSessions, maxRequestBytes, queueDepth);
    }

    /** With or without requests that bring their keys along. */
    public CryptoOptions withStateless(boolean value) {
        return new CryptoOptions(dataQueues, controlQueue, value, maxSessions, maxRequestBytes, queueDepth);
    }

    /** With another limit of sessions. */
    public CryptoOptions withMaxSessions(int value) {
        return new CryptoOptions(dataQueues, controlQueue, stateless, value, maxRequestBytes, queueDepth);
    }

    /** With another limit of a request's bytes. */
    public CryptoOptions withMaxRequestBytes(int value) {
        return new CryptoOptions(dataQueues, controlQueue, stateless, maxSessions, value, queueDepth);
    }

    /** With another number of requests between fetch and finalize. */
    public CryptoOptions withQueueDepth(int value) {
        return new CryptoOptions(dataQueues, controlQueue, stateless, maxSessions, maxRequestBytes, value);
    }
}
