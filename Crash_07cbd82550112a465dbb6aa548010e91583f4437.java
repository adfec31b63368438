import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

public class Crash_07cbd82550112a465dbb6aa548010e91583f4437 {
    static final String base64Bytes = String.join("", "ACwK//wC5wAAKgTaAAFasQDa//+6CQAsAP//QAAAAAQEBAAAAAAADgQEBAQEBAT//wAu/w9+AP8AOw==");

    public static void main(String[] args) throws Throwable {
        Crash_07cbd82550112a465dbb6aa548010e91583f4437.class.getClassLoader().setDefaultAssertionStatus(true);
        try {
            Method fuzzerInitialize = io.vhost4j.core.session.SessionTarget.class.getMethod("fuzzerInitialize");
            fuzzerInitialize.invoke(null);
        } catch (NoSuchMethodException ignored) {
            try {
                Method fuzzerInitialize = io.vhost4j.core.session.SessionTarget.class.getMethod("fuzzerInitialize", String[].class);
                fuzzerInitialize.invoke(null, (Object) args);
            } catch (NoSuchMethodException ignored1) {
            } catch (IllegalAccessException | InvocationTargetException e) {
                e.printStackTrace();
                System.exit(1);
            }
        } catch (IllegalAccessException | InvocationTargetException e) {
            e.printStackTrace();
            System.exit(1);
        }
        byte[] input = java.util.Base64.getDecoder().decode(base64Bytes);
        io.vhost4j.core.session.SessionTarget.fuzzerTestOneInput(input);
    }
}