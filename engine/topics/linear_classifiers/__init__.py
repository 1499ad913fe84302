"""kNN, SVM, softmax."""
